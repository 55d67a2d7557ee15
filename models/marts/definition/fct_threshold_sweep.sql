-- What other thresholds would have done: how many MQLs a month, and what became of
-- those we know. One threshold is recommended and nothing is ever changed by it.
--
-- Volume is counted anew from everybody's standing. What sales answered is only known
-- of who was handed over: from the threshold in force upwards, of those whose score at
-- the award reached the candidate; below it, of nobody: null, not zero.
with thresholds as (

    select * from {{ ref('int_sweep_thresholds') }}

),

sweep_mqls as (

    select * from {{ ref('int_sweep_mqls') }}

),

activities as (

    select * from {{ ref('int_activities') }}

),

outcomes as (

    select * from {{ ref('fct_handoff_outcomes') }}
    where handoff_type = 'contact'

),

qualified_intervals as (

    select * from {{ ref('int_qualified_intervals') }}

),

capacities as (

    select * from {{ ref('int_sales_capacity') }}

),

review_alerts as (

    select * from {{ ref('review_alerts') }}
    where metric = 'acceptance_rate' and comparison = 'below'

),

-- a young history is no quiet one
history as (

    select
        least(
            {{ var('sweep_days') }},
            greatest({{ days_between('min(occurred_at)', as_of()) }}, 1)
        ) as observed_days
    from activities

),

volumes as (

    select
        sweep_mqls.definition_id,
        sweep_mqls.product_line,
        sweep_mqls.step,
        count(*) * 30.4375 / max(history.observed_days) as mqls_per_month
    from sweep_mqls
    cross join history
    where {{ add_days(as_of(), '-history.observed_days') }} < sweep_mqls.mql_at
    group by sweep_mqls.definition_id, sweep_mqls.product_line, sweep_mqls.step

),

handed_over as (

    select
        outcomes.*,
        qualified_intervals.has_direct_request
    from outcomes
    inner join qualified_intervals
        on
            outcomes.definition_id = qualified_intervals.definition_id
            and outcomes.contact_id = qualified_intervals.contact_id
            and outcomes.product_line = qualified_intervals.product_line
            and outcomes.mql_at = qualified_intervals.started_at

),

observed as (

    select
        thresholds.definition_id,
        thresholds.product_line,
        thresholds.step,
        count(case when handed_over.is_acceptance_mature then 1 end)
            as acceptance_mature_mqls,
        count(
            case when handed_over.is_acceptance_mature then handed_over.accepted_at end
        ) as accepted,
        count(case when handed_over.is_outcome_mature then 1 end)
            as outcome_mature_mqls,
        count(
            case when handed_over.is_outcome_mature then handed_over.opportunity_at end
        ) as opportunities
    from thresholds
    inner join handed_over
        on
            thresholds.definition_id = handed_over.definition_id
            and thresholds.product_line = handed_over.product_line
            and (
                handed_over.has_direct_request
                or thresholds.threshold <= case
                    when thresholds.score_kind = 'engagement'
                        then handed_over.engagement_score
                    else handed_over.total_score
                end
            )
    where thresholds.step >= 0
    group by thresholds.definition_id, thresholds.product_line, thresholds.step

),

limits as (

    select
        definition_id,
        max({{ adapter.quote('limit') }}) as least_acceptance
    from review_alerts
    group by definition_id

),

measured as (

    select
        thresholds.definition_id,
        thresholds.product_line,
        thresholds.score_kind,
        thresholds.step,
        thresholds.threshold,
        limits.least_acceptance,
        capacities.capacity as team_capacity,
        capacities.least_leads as team_least_leads,
        coalesce(volumes.mqls_per_month, 0) as mqls_per_month,
        coalesce(observed.acceptance_mature_mqls, 0) as acceptance_mature_mqls,
        coalesce(observed.accepted, 0) as accepted,
        coalesce(observed.outcome_mature_mqls, 0) as outcome_mature_mqls,
        coalesce(observed.opportunities, 0) as opportunities
    from thresholds
    left join limits
        on thresholds.definition_id = limits.definition_id
    left join capacities
        on thresholds.definition_id = capacities.definition_id
    left join volumes
        on
            thresholds.definition_id = volumes.definition_id
            and thresholds.product_line = volumes.product_line
            and thresholds.step = volumes.step
    left join observed
        on
            thresholds.definition_id = observed.definition_id
            and thresholds.product_line = observed.product_line
            and thresholds.step = observed.step

),

rated as (

    select
        *,
        {{ rate_with_bounds('acceptance_rate', 'accepted', 'acceptance_mature_mqls') }},
        {{ rate_with_bounds(
            'opportunity_rate', 'opportunities', 'outcome_mature_mqls'
        ) }},
        acceptance_mature_mqls >= {{ var('enough_mqls') }} as is_enough_data
    from measured

),

with_current as (

    select
        rated.*,
        current_ones.mqls_per_month as current_mqls_per_month,
        current_ones.acceptance_rate as current_acceptance_rate,
        current_ones.acceptance_rate_low as current_acceptance_rate_low,
        current_ones.is_enough_data as is_current_enough,
        -- a line's part of the reps' time is its part of the leads as things are
        current_ones.mqls_per_month / nullif(
            sum(case when rated.step = 0 then rated.mqls_per_month else 0 end)
                over (partition by rated.definition_id),
            0
        ) as line_share
    from rated
    inner join rated as current_ones
        on
            rated.definition_id = current_ones.definition_id
            and rated.product_line = current_ones.product_line
            and current_ones.step = 0

),

{{ threshold_advice('with_current') }},

final as (

    select
        definition_id,
        product_line,
        score_kind,
        case when is_recommended then reason end as reason,
        cast(acceptance_mature_mqls as integer) as acceptance_mature_mqls,
        cast(accepted as integer) as accepted,
        cast(outcome_mature_mqls as integer) as outcome_mature_mqls,
        cast(opportunities as integer) as opportunities,
        cast(threshold as {{ type_double() }}) as threshold,
        {{ round_score('mqls_per_month') }} as mqls_per_month,
        {{ round_score('capacity') }} as capacity,
        acceptance_rate,
        acceptance_rate_low,
        acceptance_rate_high,
        opportunity_rate,
        opportunity_rate_low,
        opportunity_rate_high,
        is_enough_data,
        step = 0 as is_current,
        is_recommended
    from advised

)

select * from final
