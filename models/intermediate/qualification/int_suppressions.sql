{{ config(materialized='table_by_contact') }}

with activities as (

    select * from {{ ref('int_line_activities') }}
    where suppresses or lifts_suppression

),

ordered as (

    select
        definition_id,
        contact_id,
        product_line,
        suppresses,
        occurred_at as valid_from,
        -- of two at one instant the later by id decides: the other holds for no time
        lead(occurred_at) over (
            partition by definition_id, contact_id, product_line
            order by occurred_at, {{ byte_order('activity_id') }}
        ) as valid_to
    from activities

),

final as (

    select
        definition_id,
        contact_id,
        product_line,
        valid_from,
        valid_to
    from ordered
    where suppresses and (valid_to is null or valid_from < valid_to)

)

select * from final
