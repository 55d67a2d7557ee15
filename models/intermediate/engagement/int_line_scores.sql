{{ config(materialized='table_by_contact') }}

-- Where the score of every contact and line stands after its last activity. Within an
-- era a score only rises, so the floor (E1) can be reached at its start alone, and an
-- era needs no more than its sums: this is the running minimum of int_running_scores,
-- taken over eras and not over activities.
with moves as (

    select * from {{ ref('int_line_moves') }}

),

scaled as (

    select
        *,
        case
            when half_life_days is null then 1.0
            else {{ half_life_scale('occurred_at', 'half_life_days', 'block') }}
        end as scale,
        coalesce(
            {{ runs_into_next_block('occurred_at', 'half_life_days', 'block') }}, false
        ) as runs_into_next_block
    from moves

),

eras as (

    select
        definition_id,
        contact_id,
        product_line,
        era_number,
        block,
        runs_into_next_block,
        max(half_life_days) as half_life_days,
        max(steps_due) as steps_due,
        max(steps_due) * coalesce(max(inactivity_points), 0.0) as loss_due,
        -- what costs points is the first activity of its era
        sum(least(points_due, 0) * scale) as scaled_cost,
        sum(greatest(points_due, 0) * scale) as scaled_rise,
        sum(greatest(points_due, 0)) as positive_points,
        max(occurred_at) as last_activity_at
    from scaled
    group by
        definition_id,
        contact_id,
        product_line,
        era_number,
        block,
        runs_into_next_block

),

pieces as (

    select false as is_run_in
    union all
    select true as is_run_in

),

in_blocks as (

    select
        eras.*,
        pieces.is_run_in,
        eras.block + case when pieces.is_run_in then 1 else 0 end as score_block,
        case
            when pieces.is_run_in then {{ into_next_block('eras.scaled_cost') }}
            else eras.scaled_cost
        end as points_taken,
        case
            when pieces.is_run_in then {{ into_next_block('eras.scaled_rise') }}
            else eras.scaled_rise
        end as points_earned
    from eras
    inner join pieces
        on not pieces.is_run_in or eras.runs_into_next_block

),

with_sums as (

    select
        *,
        sum(points_taken + points_earned) over (
            partition by definition_id, contact_id, product_line, score_block
            order by block, era_number, runs_into_next_block
            rows between unbounded preceding and current row
        ) as running_points
    from in_blocks

),

with_floor as (

    select
        *,
        least(
            0.0,
            min(running_points - points_earned - loss_due) over (
                partition by definition_id, contact_id, product_line, score_block
                order by block, era_number, runs_into_next_block
                rows between unbounded preceding and current row
            )
        ) as lowest
    from with_sums

),

with_recency as (

    select
        *,
        sum(positive_points) over (
            partition by definition_id, contact_id, product_line
        ) as all_positive_points,
        row_number() over (
            partition by definition_id, contact_id, product_line
            order by block desc, era_number desc, runs_into_next_block desc
        ) as recency
    from with_floor
    where not is_run_in

),

final as (

    select
        definition_id,
        contact_id,
        product_line,
        half_life_days,
        cast(all_positive_points as {{ type_double() }}) as positive_points,
        steps_due,
        (running_points - loss_due - lowest)
        / case
            when half_life_days is null then 1.0
            else {{ half_life_scale('last_activity_at', 'half_life_days', 'block') }}
        end as score,
        last_activity_at
    from with_recency
    where recency = 1

)

select * from final
