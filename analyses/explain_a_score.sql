-- Why does this contact have this score?
--
-- Every entry of the ledger, in order. Change the contact in the SQL first.
select
    entry_at,
    entry_type,
    activity_type,
    points_due,
    points_applied,
    score_before,
    score_after,
    case
        when is_machine then 'made by a machine'
        when is_repeat then 'a repeat'
        when is_over_daily_limit then 'over the daily limit'
    end as why_nothing
from {{ ref('fct_score_ledger') }}
where
    definition_id = 'guide-2026'
    and contact_id = 'C-PLANT-SILENT-120'
    and product_line = 'general'
order by entry_at, activity_id
