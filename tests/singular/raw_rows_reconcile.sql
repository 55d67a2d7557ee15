-- Nothing is lost (section 11): every raw row has exactly one verdict, and the
-- quarantine holds as many rows as were counted into it.
with reconciliation as (

    select * from {{ ref('fct_reconciliation') }}

),

quarantine as (

    select
        source_table,
        count(*) as row_count
    from {{ ref('fct_quarantined_records') }}
    group by source_table

)

select
    reconciliation.source_table,
    reconciliation.rows_raw,
    quarantine.row_count
from reconciliation
left join quarantine
    on reconciliation.source_table = quarantine.source_table
where
    reconciliation.rows_raw
    <> reconciliation.rows_accepted
    + reconciliation.rows_duplicate
    + reconciliation.rows_quarantined
    + reconciliation.rows_not_yet_visible
    + reconciliation.rows_erased
    or reconciliation.rows_quarantined <> coalesce(quarantine.row_count, 0)
