-- By how much the score of a line changes, and when. Under a half-life the change is
-- against the score as it stood after the change before, not as it had decayed since:
-- so the running sum of changes is always the score at the last of them.
with scores as (

    select * from {{ ref('int_running_scores') }}

),

runs as (

    select * from {{ ref('int_inactivity_runs') }}

),

silences as (

    select * from {{ ref('int_silences') }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

by_activity as (

    select
        definition_id,
        contact_id,
        product_line,
        score_after - score_before as score_change,
        occurred_at as changed_at
    from scores
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
    from scores
    where half_life_days is not null and points_due <> 0

),

losses as (

    {{ numbered('runs', 'effective_steps') }}

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
    inner join product_lines
        on
            losses.definition_id = product_lines.definition_id
            and losses.product_line = product_lines.product_line
    inner join silences
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
