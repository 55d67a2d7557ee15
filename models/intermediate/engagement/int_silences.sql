{{ config(materialized='view_by_contact') }}

-- Silences long enough to cost points, numbered so that the nth loss of a contact can
-- be found: the losses of one silence follow those of the one before.
with activities as (

    select * from {{ ref('int_timed_activities') }}

),

clocks as (

    select * from {{ ref('int_contact_clocks') }}

),

ended as (

    select
        definition_id,
        contact_id,
        steps_before_silence,
        steps_in_silence,
        engaged_before_at as engaged_at
    from activities
    where is_engagement and steps_in_silence > 0

),

lasting as (

    select
        definition_id,
        contact_id,
        steps_ended as steps_before_silence,
        steps_in_silence,
        last_engaged_at as engaged_at
    from clocks
    where steps_in_silence > 0

),

final as (

    select
        definition_id,
        contact_id,
        steps_before_silence,
        steps_in_silence,
        engaged_at
    from ended

    union all

    select
        definition_id,
        contact_id,
        steps_before_silence,
        steps_in_silence,
        engaged_at
    from lasting

)

select * from final
