{{ config(materialized='table_by_contact') }}

with activities as (

    select * from {{ ref('int_timed_activities') }}

),

final as (

    select
        definition_id,
        contact_id,
        -- the losses of silences that an engagement has ended
        cast(
            sum(case when is_engagement then steps_in_silence else 0 end) as integer
        ) as steps_ended,
        min(occurred_at) as first_activity_at,
        min(case when is_engagement then occurred_at end) as first_engaged_at,
        max(case when is_engagement then occurred_at end) as last_engaged_at
    from activities
    group by definition_id, contact_id

)

select * from final
