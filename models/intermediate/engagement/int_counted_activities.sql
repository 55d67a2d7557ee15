-- Which activities score: repeats and those over a daily limit do not (A3, A5), but
-- they are engagement all the same; machine-made ones are neither (A2).
with classified as (

    select * from {{ ref('int_classified_activities') }}

),

type_rules as (

    select * from {{ ref('int_activity_type_rules') }}

),

ranked as (

    select
        classified.*,
        type_rules.max_scored_per_day,
        type_rules.is_engagement as type_is_engagement,
        (
            classified.activity_type in ('email_open', 'email_click')
            and classified.message_id is not null
        ) as scores_once_per_message,
        (
            type_rules.score_once_per_asset and classified.asset_name is not null
        ) as scores_once_per_asset,
        row_number() over (
            partition by
                classified.definition_id,
                classified.contact_id,
                classified.activity_type,
                classified.message_id,
                classified.is_machine
            order by classified.occurred_at, {{ byte_order('classified.activity_id') }}
        ) as message_rank,
        row_number() over (
            partition by
                classified.definition_id,
                classified.contact_id,
                classified.activity_type,
                classified.asset_name,
                classified.is_machine
            order by classified.occurred_at, {{ byte_order('classified.activity_id') }}
        ) as asset_rank
    from classified
    inner join type_rules
        on
            classified.definition_id = type_rules.definition_id
            and classified.activity_type = type_rules.activity_type

),

with_repeats as (

    select
        *,
        (
            not is_machine
            and (
                (scores_once_per_message and message_rank > 1)
                or (scores_once_per_asset and asset_rank > 1)
            )
        ) as is_repeat
    from ranked

),

with_day_rank as (

    select
        *,
        row_number() over (
            partition by
                definition_id,
                contact_id,
                activity_type,
                cast(occurred_at as date),
                case when is_machine or is_repeat then 1 else 0 end
            order by occurred_at, {{ byte_order('activity_id') }}
        ) as day_rank
    from with_repeats

),

final as (

    select
        definition_id,
        activity_id,
        contact_id,
        activity_type,
        product_line,
        topic,
        is_machine,
        is_repeat,
        (
            not is_machine
            and not is_repeat
            and coalesce(day_rank > max_scored_per_day, false)
        ) as is_over_daily_limit,
        (type_is_engagement and not is_machine) as is_engagement,
        occurred_at
    from with_day_rank

)

select * from final
