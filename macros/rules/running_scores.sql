{#-
    The activities of each line with the points they are due: what an activity is worth
    on a line (section 3, V5), nothing where it does not score (A2, A3, A5), and more
    where it completes a topic (A6). `activities` is a relation of timed activities.
-#}
{% macro line_activities(activities) -%}
    select
        activities.definition_id,
        activities.contact_id,
        activity_rules.product_line,
        activities.activity_id,
        activities.activity_type,
        product_lines.half_life_days,
        product_lines.inactivity_points,
        activities.steps_due,
        activities.era_number,
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
        activities.is_machine,
        activities.is_repeat,
        activities.is_over_daily_limit,
        activities.is_engagement,
        activities.occurred_at
    from {{ activities }} as activities
    inner join {{ ref('int_activity_rules') }} as activity_rules
        on
            activities.definition_id = activity_rules.definition_id
            and activities.activity_type = activity_rules.activity_type
            and {{ counts_for_line(
                'activities.product_line', 'activity_rules.product_line'
            ) }}
    inner join {{ ref('int_product_lines') }} as product_lines
        on
            activity_rules.definition_id = product_lines.definition_id
            and activity_rules.product_line = product_lines.product_line
    left join {{ ref('int_topic_downloads') }} as topic_downloads
        on
            activities.definition_id = topic_downloads.definition_id
            and activities.activity_id = topic_downloads.activity_id
{%- endmacro %}

{#-
    The engagement score after each of a relation of moves, per line. With X the running
    sum of all moves, S = X - least(0, running minimum of X) is the sum with a floor at
    zero at every step (E1), without recursion. Losses are running sums of their own, per
    contact; a loss comes before the activity at its instant. The ledger asks what else
    there is to say of each activity.
-#}
{% macro running_scores(moves, for_ledger=false) -%}
    -- and not a union, which would look for the moves twice
    with pieces as (

        select false as is_run_in
        union all
        select true as is_run_in

    ),

    in_blocks as (

        select
            moves.*,
            moves.block + case when pieces.is_run_in then 1 else 0 end as score_block,
            pieces.is_run_in
        from {{ moves }} as moves
        inner join pieces
            on
                not pieces.is_run_in
                or (
                    moves.half_life_days is not null
                    and {{ runs_into_next_block(
                        'moves.occurred_at', 'moves.half_life_days', 'moves.block'
                    ) }}
                )

    ),

    scaled as (

        select
            *,
            case
                when half_life_days is null then 1.0
                else {{ half_life_scale('occurred_at', 'half_life_days', 'score_block') }}
            end as scale,
            coalesce(steps_due * inactivity_points, 0.0) as loss_due
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
            lag(steps_due) over (
                partition by definition_id, contact_id, product_line, score_block
                order by occurred_at, {{ byte_order('activity_id') }}
            ) as previous_steps_due
            {%- if for_ledger %},
            lead(occurred_at) over (
                partition by definition_id, contact_id, product_line, score_block
                order by occurred_at, {{ byte_order('activity_id') }}
            ) as next_at
            {%- endif %}
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
            running_points - scaled_points
            - coalesce(previous_steps_due * inactivity_points, 0.0) as sum_before_loss,
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
            points_due,
            steps_due,
            coalesce(previous_steps_due, 0) as previous_steps_due,
            -- before the losses that fall between the row before and this one
            coalesce(sum_before_loss - lowest_before, 0.0) / scale as score_before_loss,
            (sum_after_loss - least(lowest_before, sum_after_loss)) / scale
                as score_before,
            (sum_after - least(lowest_before, sum_after_loss, sum_after)) / scale
                as score_after,
            {%- if for_ledger %}
            is_machine,
            is_repeat,
            is_over_daily_limit,
            is_engagement,
            next_at is null as is_last,
            {%- endif %}
            occurred_at
        from with_moves

    )

    select * from final
{%- endmacro %}

{#-
    The losses of a line between two of its activities, or between the last one and the
    moment of the run, as one run each (E5). `scores` is a relation of running scores,
    `last_scores` one of those after the last activity of each line.
-#}
{% macro inactivity_runs(scores, last_scores, only=none) -%}
    with between_activities as (

        select
            definition_id,
            contact_id,
            product_line,
            previous_steps_due as steps_before,
            steps_due as steps_after,
            score_before_loss as score_before
        from {{ scores }}
        where steps_due > previous_steps_due

    ),

    -- also for a line in which the contact has done nothing yet
    after_the_last as (

        select
            clocks.definition_id,
            clocks.contact_id,
            product_lines.product_line,
            coalesce(last_scores.steps_due, 0) as steps_before,
            clocks.steps_ended + clocks.steps_in_silence as steps_after,
            coalesce(last_scores.score, 0.0) as score_before
        from {{ ref('int_contact_clocks') }} as clocks
        inner join {{ ref('int_product_lines') }} as product_lines
            on clocks.definition_id = product_lines.definition_id
        {%- if only %}
        inner join {{ only }} as wanted
            on
                clocks.definition_id = wanted.definition_id
                and clocks.contact_id = wanted.contact_id
                and product_lines.product_line = wanted.product_line
        {%- endif %}
        left join {{ last_scores }} as last_scores
            on
                clocks.definition_id = last_scores.definition_id
                and clocks.contact_id = last_scores.contact_id
                and product_lines.product_line = last_scores.product_line
        where
            product_lines.inactivity_points is not null
            and clocks.steps_ended + clocks.steps_in_silence
            > coalesce(last_scores.steps_due, 0)

    ),

    runs as (

        select * from between_activities
        union all
        select * from after_the_last

    ),

    final as (

        select
            runs.definition_id,
            runs.contact_id,
            runs.product_line,
            runs.steps_before,
            runs.steps_after,
            product_lines.inactivity_points,
            -(runs.steps_after - runs.steps_before) * product_lines.inactivity_points
                as points_due,
            runs.score_before,
            greatest(
                0.0,
                runs.score_before
                - (runs.steps_after - runs.steps_before) * product_lines.inactivity_points
            ) as score_after,
            -- losses beyond these find nothing left to take
            least(
                runs.steps_after - runs.steps_before,
                cast(ceil(
                    {{ round_score('runs.score_before') }}
                    / case
                        when product_lines.inactivity_points > 0
                            then product_lines.inactivity_points
                    end
                ) as integer)
            ) as effective_steps,
            {{ inactivity_step_at(
                'silences.engaged_at',
                '(runs.steps_after - silences.steps_before_silence)',
                'product_lines.inactivity_days',
                'product_lines.inactivity_period_days',
            ) }} as ended_at
        from runs
        inner join {{ ref('int_product_lines') }} as product_lines
            on
                runs.definition_id = product_lines.definition_id
                and runs.product_line = product_lines.product_line
        inner join {{ ref('int_silences') }} as silences
            on
                runs.definition_id = silences.definition_id
                and runs.contact_id = silences.contact_id
                and runs.steps_after > silences.steps_before_silence
                and runs.steps_after
                <= silences.steps_before_silence + silences.steps_in_silence

    )

    select * from final
{%- endmacro %}

{#-
    By how much the score of a line changes, and when. Under a half-life the change is
    against the score as it stood after the change before, not as it had decayed since:
    so the running sum of changes is always the score at the last of them.
-#}
{% macro score_changes(scores, runs) -%}
    with by_activity as (

        select
            definition_id,
            contact_id,
            product_line,
            score_after - score_before as score_change,
            occurred_at as changed_at
        from {{ scores }}
        where half_life_days is null and score_after <> score_before

    ),

    by_decaying_activity as (

        select
            definition_id,
            contact_id,
            product_line,
            score_after - coalesce(
                lag(score_after) over (
                    partition by definition_id, contact_id, product_line
                    order by occurred_at, {{ byte_order('activity_id') }}
                ),
                0.0
            ) as score_change,
            occurred_at as changed_at
        from {{ scores }}
        where half_life_days is not null and points_due <> 0

    ),

    losses as (

        {{ numbered(runs, 'effective_steps') }}

    ),

    by_inactivity as (

        select
            losses.definition_id,
            losses.contact_id,
            losses.product_line,
            -least(
                losses.inactivity_points,
                losses.score_before - (losses.number - 1) * losses.inactivity_points
            ) as score_change,
            {{ inactivity_step_at(
                'silences.engaged_at',
                '(losses.steps_before + losses.number - silences.steps_before_silence)',
                'product_lines.inactivity_days',
                'product_lines.inactivity_period_days',
            ) }} as changed_at
        from losses
        inner join {{ ref('int_product_lines') }} as product_lines
            on
                losses.definition_id = product_lines.definition_id
                and losses.product_line = product_lines.product_line
        inner join {{ ref('int_silences') }} as silences
            on
                losses.definition_id = silences.definition_id
                and losses.contact_id = silences.contact_id
                and losses.steps_before + losses.number > silences.steps_before_silence
                and losses.steps_before + losses.number
                <= silences.steps_before_silence + silences.steps_in_silence

    ),

    final as (

        select * from by_activity
        union all
        select * from by_decaying_activity
        union all
        select * from by_inactivity

    )

    select * from final
{%- endmacro %}
