{#-
    Activities with the contact's clock (E2). Engagement restarts it for every line, so
    the losses of a contact that is silent are counted once per contact, as a running
    number of losses due; a line's score then subtracts the losses between two of its own
    rows. `activities` is a relation of counted activities.
-#}
{% macro timed_activities(activities) -%}
    with definitions as (

        select * from {{ ref('int_definitions') }}

    ),

    with_last_engagement as (

        select
            activities.*,
            definitions.inactivity_days,
            definitions.inactivity_period_days,
            max(case when activities.is_engagement then activities.occurred_at end) over (
                partition by activities.definition_id, activities.contact_id
                order by activities.occurred_at, {{ byte_order('activities.activity_id') }}
                rows between unbounded preceding and 1 preceding
            ) as engaged_before_at,
            sum(case when activities.costs_points then 1 else 0 end) over (
                partition by activities.definition_id, activities.contact_id
                order by activities.occurred_at, {{ byte_order('activities.activity_id') }}
                rows between unbounded preceding and current row
            ) as costs_so_far
        from {{ activities }} as activities
        inner join definitions
            on activities.definition_id = definitions.definition_id

    ),

    with_steps as (

        select
            *,
            case
                when inactivity_days is not null and engaged_before_at is not null
                    then {{ inactivity_steps(
                        'engaged_before_at',
                        'occurred_at',
                        'inactivity_days',
                        'inactivity_period_days',
                    ) }}
                else 0
            end as steps_in_silence
        from with_last_engagement

    ),

    with_running_steps as (

        select
            *,
            coalesce(
                sum(case when is_engagement then steps_in_silence else 0 end) over (
                    partition by definition_id, contact_id
                    order by occurred_at, {{ byte_order('activity_id') }}
                    rows between unbounded preceding and 1 preceding
                ),
                0
            ) as steps_before_silence
        from with_steps

    ),

    final as (

        select
            definition_id,
            activity_id,
            contact_id,
            activity_type,
            product_line,
            topic,
            cast(steps_before_silence as integer) as steps_before_silence,
            cast(steps_in_silence as integer) as steps_in_silence,
            cast(steps_before_silence + steps_in_silence as integer) as steps_due,
            -- in an era no score falls: it ends before a loss and before what costs points
            cast(steps_before_silence + steps_in_silence + costs_so_far as integer)
                as era_number,
            is_machine,
            is_repeat,
            is_over_daily_limit,
            is_engagement,
            occurred_at,
            engaged_before_at
        from with_running_steps

    )

    select * from final
{%- endmacro %}
