{#-
    Which activities score: repeats and those over a daily limit do not (A3, A5), but
    they are engagement all the same; machine-made ones are neither (A2). Only the types
    that can repeat, or have a limit, are put in order. The joins name the contact, so
    that a filter on one reaches all of them. `activities` is a relation of classified
    activities.
-#}
{% macro counted_activities(activities) -%}
    with type_rules as (

        select * from {{ ref('int_activity_type_rules') }}

    ),

    once_only as (

        select
            definition_id,
            contact_id,
            activity_id,
            activity_type,
            'message' as once_per,
            message_id as subject,
            occurred_at
        from {{ activities }} as classified
        where
            activity_type in ('email_open', 'email_click')
            and message_id is not null
            and not is_machine

        union all

        select
            classified.definition_id,
            classified.contact_id,
            classified.activity_id,
            classified.activity_type,
            'asset' as once_per,
            classified.asset_name as subject,
            classified.occurred_at
        from {{ activities }} as classified
        inner join type_rules
            on
                classified.definition_id = type_rules.definition_id
                and classified.activity_type = type_rules.activity_type
        where
            type_rules.score_once_per_asset
            and classified.asset_name is not null
            and not classified.is_machine

    ),

    ranked as (

        select
            definition_id,
            contact_id,
            activity_id,
            row_number() over (
                partition by definition_id, contact_id, activity_type, once_per, subject
                order by occurred_at, {{ byte_order('activity_id') }}
            ) as occurrence
        from once_only

    ),

    repeats as (

        select distinct
            definition_id,
            contact_id,
            activity_id
        from ranked
        where occurrence > 1

    ),

    ranked_in_day as (

        select
            classified.definition_id,
            classified.contact_id,
            classified.activity_id,
            type_rules.max_scored_per_day,
            row_number() over (
                partition by
                    classified.definition_id,
                    classified.contact_id,
                    classified.activity_type,
                    cast(classified.occurred_at as date)
                order by classified.occurred_at, {{ byte_order('classified.activity_id') }}
            ) as day_rank
        from {{ activities }} as classified
        inner join type_rules
            on
                classified.definition_id = type_rules.definition_id
                and classified.activity_type = type_rules.activity_type
        left join repeats
            on
                classified.definition_id = repeats.definition_id
                and classified.contact_id = repeats.contact_id
                and classified.activity_id = repeats.activity_id
        where
            type_rules.max_scored_per_day is not null
            and not classified.is_machine
            and repeats.activity_id is null

    ),

    over_daily_limit as (

        select
            definition_id,
            contact_id,
            activity_id
        from ranked_in_day
        where day_rank > max_scored_per_day

    ),

    final as (

        select
            classified.definition_id,
            classified.activity_id,
            classified.contact_id,
            classified.activity_type,
            classified.product_line,
            classified.topic,
            classified.is_machine,
            repeats.activity_id is not null as is_repeat,
            over_daily_limit.activity_id is not null as is_over_daily_limit,
            (type_rules.is_engagement and not classified.is_machine) as is_engagement,
            type_rules.costs_points,
            classified.occurred_at
        from {{ activities }} as classified
        inner join type_rules
            on
                classified.definition_id = type_rules.definition_id
                and classified.activity_type = type_rules.activity_type
        left join repeats
            on
                classified.definition_id = repeats.definition_id
                and classified.contact_id = repeats.contact_id
                and classified.activity_id = repeats.activity_id
        left join over_daily_limit
            on
                classified.definition_id = over_daily_limit.definition_id
                and classified.contact_id = over_daily_limit.contact_id
                and classified.activity_id = over_daily_limit.activity_id

    )

    select * from final
{%- endmacro %}
