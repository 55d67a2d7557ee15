{{ config(materialized='view_by_contact') }}

with scores as {{ inlined() }} (

    select * from {{ ref('int_ledger_activities') }}

),

last_scores as (

    select
        definition_id,
        contact_id,
        product_line,
        steps_due,
        score_after as score
    from scores
    where is_last and half_life_days is null

),

final as (

    {{ inactivity_runs('scores', 'last_scores') | indent(4) }}

)

select * from final
