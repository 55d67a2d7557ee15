-- The engagement score after every activity, per line. With X the running sum of all
-- moves, S = X - least(0, running minimum of X) is the sum with a floor at zero at
-- every step (E1), without recursion. Losses are running sums of their own, per
-- contact; a loss comes before the activity at its instant.
with activities as (

    select * from {{ ref('int_timed_activities') }}

),

activity_rules as (

    select * from {{ ref('int_activity_rules') }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

topic_downloads as (

    select * from {{ ref('int_topic_downloads') }}

),

moves as (

    select
        activities.definition_id,
        activities.contact_id,
        product_lines.product_line,
        activities.activity_id,
        activities.activity_type,
        product_lines.half_life_days,
        product_lines.inactivity_points,
        activities.steps_due,
        case
            when
                activities.is_machine
                or activities.is_repeat
                or activities.is_over_daily_limit
                then 0
            when topic_downloads.topic_downloads >= product_lines.topic_depth_downloads
                then
                    activity_rules.points
                    + coalesce(product_lines.topic_depth_points, 0)
            else activity_rules.points
        end as points_due,
        case
            when product_lines.half_life_days is not null
                then {{ half_life_block(
                    'activities.occurred_at', 'product_lines.half_life_days'
                ) }}
            else 0
        end as block,
        activity_rules.is_direct_request and not activities.is_machine
            as is_direct_request,
        activities.is_machine,
        activities.is_repeat,
        activities.is_over_daily_limit,
        activities.is_engagement,
        activities.occurred_at
    from activities
    inner join product_lines
        on
            activities.definition_id = product_lines.definition_id
            and {{ counts_for_line(
                'activities.product_line', 'product_lines.product_line'
            ) }}
    inner join activity_rules
        on
            activities.definition_id = activity_rules.definition_id
            and product_lines.product_line = activity_rules.product_line
            and activities.activity_type = activity_rules.activity_type
    left join topic_downloads
        on
            activities.definition_id = topic_downloads.definition_id
            and activities.activity_id = topic_downloads.activity_id

),

in_blocks as (

    select
        *,
        block as score_block,
        false as is_run_in
    from moves

    union all

    select
        *,
        block + 1 as score_block,
        true as is_run_in
    from moves
    where
        half_life_days is not null
        and {{ runs_into_next_block('occurred_at', 'half_life_days', 'block') }}

),

scaled as (

    select
        *,
        case
            when half_life_days is null then 1.0
            else {{ half_life_scale('occurred_at', 'half_life_days', 'score_block') }}
        end as scale,
        case
            when inactivity_points is null then 0.0 else steps_due * inactivity_points
        end as loss_due
    from in_blocks

),

with_sums as (

    select
        *,
        points_due * scale as scaled_points,
        sum(points_due * scale) over (
            partition by definition_id, contact_id, product_line, score_block
            order by occurred_at, {{ byte_order('activity_id') }}
            rows between unbounded preceding and current row
        ) as running_points,
        lag(loss_due) over (
            partition by definition_id, contact_id, product_line, score_block
            order by occurred_at, {{ byte_order('activity_id') }}
        ) as previous_loss_due,
        lag(steps_due) over (
            partition by definition_id, contact_id, product_line, score_block
            order by occurred_at, {{ byte_order('activity_id') }}
        ) as previous_steps_due,
        lead(occurred_at) over (
            partition by definition_id, contact_id, product_line, score_block
            order by occurred_at, {{ byte_order('activity_id') }}
        ) as next_at
    from scaled

),

with_floor as (

    select
        *,
        -- where the sum without a floor stood lowest, at any row before this one
        least(
            0.0,
            coalesce(
                min(running_points - greatest(scaled_points, 0.0) - loss_due) over (
                    partition by definition_id, contact_id, product_line, score_block
                    order by occurred_at, {{ byte_order('activity_id') }}
                    rows between unbounded preceding and 1 preceding
                ),
                0.0
            )
        ) as lowest_before
    from with_sums

),

with_moves as (

    select
        *,
        running_points - scaled_points - previous_loss_due as sum_before_loss,
        running_points - scaled_points - loss_due as sum_after_loss,
        running_points - loss_due as sum_after
    from with_floor
    where not is_run_in

),

final as (

    select
        definition_id,
        contact_id,
        product_line,
        activity_id,
        activity_type,
        half_life_days,
        inactivity_points,
        points_due,
        steps_due,
        coalesce(previous_steps_due, 0) as previous_steps_due,
        -- before the losses that fall between the row before and this one
        coalesce(sum_before_loss - lowest_before, 0.0) / scale as score_before_loss,
        (sum_after_loss - least(lowest_before, sum_after_loss)) / scale
            as score_before,
        (sum_after - least(lowest_before, sum_after_loss, sum_after)) / scale
            as score_after,
        is_direct_request,
        is_machine,
        is_repeat,
        is_over_daily_limit,
        is_engagement,
        next_at is null as is_last,
        occurred_at
    from with_moves

)

select * from final
