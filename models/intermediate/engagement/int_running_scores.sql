{{ config(materialized='table_by_contact') }}

-- For those with a timeline; fct_score_ledger shows everybody's.
with timelines as (

    select * from {{ ref('int_timelines') }}

),

final as (

    {{ running_scores(only='timelines') | indent(4) }}

)

select * from final
