{{ config(materialized='table_by_contact') }}

with activities as (

    select
        contact_id,
        min(occurred_at) as first_activity_at
    from {{ ref('int_activities') }}
    group by contact_id

),

definitions as (

    select * from {{ ref('int_definitions') }}

),

engagements as (

    select
        definition_id,
        contact_id,
        -- the losses of silences that an engagement has ended
        sum(steps_in_silence) as steps_ended,
        min(occurred_at) as first_engaged_at,
        max(occurred_at) as last_engaged_at
    from {{ ref('int_timed_activities') }}
    where is_engagement
    group by definition_id, contact_id

),

final as (

    select
        definitions.definition_id,
        activities.contact_id,
        cast(coalesce(engagements.steps_ended, 0) as integer) as steps_ended,
        activities.first_activity_at,
        engagements.first_engaged_at,
        engagements.last_engaged_at
    from activities
    cross join definitions
    left join engagements
        on
            definitions.definition_id = engagements.definition_id
            and activities.contact_id = engagements.contact_id

)

select * from final
