{{ config(materialized='table_by_contact') }}

-- Opens and clicks that come so soon after their send that no person made them (A2). A
-- join and not a window: the many activities that are neither are not put in order.
with activities as (

    select * from {{ ref('int_activities') }}
    where message_id is not null

),

definitions as (

    select * from {{ ref('int_definitions') }}

),

answers as (

    select
        definitions.definition_id,
        definitions.machine_response_seconds,
        activities.contact_id,
        activities.activity_id,
        activities.message_id,
        activities.occurred_at
    from activities
    cross join definitions
    where activities.activity_type in ('email_open', 'email_click')

),

sends as (

    select
        contact_id,
        message_id,
        occurred_at
    from activities
    where activity_type = 'email_send'

),

final as (

    select distinct
        answers.definition_id,
        answers.contact_id,
        answers.activity_id
    from answers
    inner join sends
        on
            answers.contact_id = sends.contact_id
            and answers.message_id = sends.message_id
            -- a send at the very instant of an open is its send
            and sends.occurred_at <= answers.occurred_at
            and {{ epoch_us('answers.occurred_at') }}
            - {{ epoch_us('sends.occurred_at') }}
            < answers.machine_response_seconds * 1000000

)

select * from final
