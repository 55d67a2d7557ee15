{{ config(materialized='view_by_contact') }}

-- The instants at which a contact that stops qualifying for a line has not simply
-- lapsed (M3), and those at which it starts a new MQL however short the pause was (M2).
-- Neither depends on a threshold. Versions, which count for every line, are
-- int_version_moments.
with suppressions as (

    select * from {{ ref('int_suppressions') }}

),

dispositions as (

    select * from {{ ref('int_line_dispositions') }}

),

opportunities as (

    select * from {{ ref('int_line_opportunities') }}

),

direct_requests as (

    select * from {{ ref('int_line_activities') }}
    where is_direct_request

),

exceptions as (

    select
        definition_id,
        contact_id,
        product_line,
        1 as is_no_lapse,
        0 as is_new_start,
        valid_from as occurred_at
    from suppressions

    union all

    select
        definition_id,
        contact_id,
        product_line,
        1 as is_no_lapse,
        0 as is_new_start,
        disposed_at as occurred_at
    from dispositions

    union all

    select
        definition_id,
        contact_id,
        product_line,
        1 as is_no_lapse,
        0 as is_new_start,
        created_at as occurred_at
    from opportunities

    union all

    select
        definition_id,
        contact_id,
        product_line,
        0 as is_no_lapse,
        1 as is_new_start,
        occurred_at
    from direct_requests

),

final as (

    select
        definition_id,
        contact_id,
        product_line,
        max(is_no_lapse) = 1 as is_no_lapse,
        max(is_new_start) = 1 as is_new_start,
        occurred_at
    from exceptions
    group by definition_id, contact_id, product_line, occurred_at

)

select * from final
