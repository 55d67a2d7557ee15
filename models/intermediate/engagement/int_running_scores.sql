{{ config(materialized='table_by_contact') }}

-- For those with a timeline; fct_score_ledger shows everybody's.
with timelines as (

    select * from {{ ref('int_timelines') }}

),

moves as (

    select moves.*
    from {{ ref('int_line_moves') }} as moves
    inner join timelines
        on
            moves.definition_id = timelines.definition_id
            and moves.contact_id = timelines.contact_id
            and moves.product_line = timelines.product_line

),

final as (

    {{ running_scores('moves') | indent(4) }}

)

select * from final
