{{ config(materialized='table_by_contact') }}

-- The few activities per line that do more than score: direct requests, and what
-- suppresses a contact or lifts that (Q4 to Q7).
with activities as (

    select * from {{ ref('int_timed_activities') }}

),

activity_rules as (

    select * from {{ ref('int_activity_rules') }}
    where is_direct_request or is_disqualifying or is_opt_in

),

final as (

    select
        activities.definition_id,
        activities.contact_id,
        activity_rules.product_line,
        activities.activity_id,
        (
            activity_rules.is_direct_request
            and not activities.is_machine
            and {{ counts_for_line(
                'activities.product_line', 'activity_rules.product_line'
            ) }}
        ) as is_direct_request,
        -- of all lines: who says stop means all of us, who asks again may be met (Q5)
        activity_rules.is_disqualifying as suppresses,
        (
            (activity_rules.is_opt_in or activity_rules.is_direct_request)
            and not activities.is_machine
        ) as lifts_suppression,
        activities.occurred_at
    from activities
    inner join activity_rules
        on
            activities.definition_id = activity_rules.definition_id
            and activities.activity_type = activity_rules.activity_type

)

select * from final
