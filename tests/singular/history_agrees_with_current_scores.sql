-- The interval that is open now tells the same as the current score does. Under a
-- half-life the history has the score at the interval's start, which decays.
with history as (

    select * from {{ ref('fct_contact_score_history') }}
    where valid_to is null

),

scores as (

    select * from {{ ref('fct_contact_scores') }}

)

select
    scores.definition_id,
    scores.contact_id,
    scores.product_line,
    scores.engagement_score,
    history.engagement_score as score_in_history
from scores
left join history
    on
        scores.definition_id = history.definition_id
        and scores.contact_id = history.contact_id
        and scores.product_line = history.product_line
where
    history.contact_id is null
    or history.fit_score <> scores.fit_score
    or history.is_qualified <> scores.is_qualified
    or scores.engagement_score > history.engagement_score
