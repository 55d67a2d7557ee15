{{ config(materialized='view_by_contact') }}

-- The time in which a contact has not engaged for too long (Q8), before its first
-- engagement among it.
with activities as (

    select * from {{ ref('int_timed_activities') }}
    where is_engagement

),

clocks as (

    select * from {{ ref('int_contact_clocks') }}

),

-- only where it is asked, and of whom: who only counts for an account may be silent
product_lines as (

    select
        timelines.definition_id,
        timelines.contact_id,
        timelines.product_line,
        product_lines.max_silence_days
    from {{ ref('int_timelines') }} as timelines
    inner join {{ ref('int_product_lines') }} as product_lines
        on
            timelines.definition_id = product_lines.definition_id
            and timelines.product_line = product_lines.product_line
    where product_lines.max_silence_days is not null and timelines.may_qualify

),

gaps as (

    select
        definition_id,
        contact_id,
        engaged_before_at as engaged_at,
        occurred_at as engaged_again_at
    from activities
    where engaged_before_at is not null

    union all

    select
        definition_id,
        contact_id,
        last_engaged_at as engaged_at,
        cast(null as timestamp) as engaged_again_at
    from clocks
    where last_engaged_at is not null

),

final as (

    select
        gaps.definition_id,
        gaps.contact_id,
        product_lines.product_line,
        {{ add_days('gaps.engaged_at', 'product_lines.max_silence_days') }}
            as valid_from,
        gaps.engaged_again_at as valid_to
    from gaps
    inner join product_lines
        on
            gaps.definition_id = product_lines.definition_id
            and gaps.contact_id = product_lines.contact_id
    where
        gaps.engaged_again_at is null
        or {{ add_days('gaps.engaged_at', 'product_lines.max_silence_days') }}
        < gaps.engaged_again_at

    union all

    select
        clocks.definition_id,
        clocks.contact_id,
        product_lines.product_line,
        {{ beginning_of_time() }} as valid_from,
        clocks.first_engaged_at as valid_to
    from clocks
    inner join product_lines
        on
            clocks.definition_id = product_lines.definition_id
            and clocks.contact_id = product_lines.contact_id

)

select * from final
