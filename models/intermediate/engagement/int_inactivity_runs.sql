-- The losses of a line between two of its activities, or between the last one and the
-- moment of the run, as one run each (E5).
with scores as (

    select * from {{ ref('int_running_scores') }}

),

clocks as (

    select * from {{ ref('int_contact_clocks') }}

),

silences as (

    select * from {{ ref('int_silences') }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

between_activities as (

    select
        definition_id,
        contact_id,
        product_line,
        previous_steps_due as steps_before,
        steps_due as steps_after,
        score_before_loss as score_before
    from scores
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
        coalesce(last_scores.score_after, 0.0) as score_before
    from clocks
    inner join product_lines
        on clocks.definition_id = product_lines.definition_id
    left join scores as last_scores
        on
            clocks.definition_id = last_scores.definition_id
            and clocks.contact_id = last_scores.contact_id
            and product_lines.product_line = last_scores.product_line
            and last_scores.is_last
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
    inner join product_lines
        on
            runs.definition_id = product_lines.definition_id
            and runs.product_line = product_lines.product_line
    inner join silences
        on
            runs.definition_id = silences.definition_id
            and runs.contact_id = silences.contact_id
            and runs.steps_after > silences.steps_before_silence
            and runs.steps_after
            <= silences.steps_before_silence + silences.steps_in_silence

)

select * from final
