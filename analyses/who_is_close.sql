-- Who fits, is free to be spoken to, and lacks the fewest points?
select
    scores.contact_id,
    scores.account_id,
    scores.product_line,
    scores.fit_score,
    scores.engagement_score,
    scores.points_missing,
    scores.last_engaged_at
from {{ ref('fct_contact_scores') }} as scores
where
    scores.definition_id = 'guide-2026'
    and scores.failing_gate = 'Q4'
    and not scores.is_suppressed
    and not scores.is_held
    and scores.points_missing <= 10
order by scores.points_missing, scores.contact_id
