-- What other thresholds would have done in the last year: how many MQLs a month, and what
-- became of those we know. One threshold is recommended and nothing is ever changed by it.
--
-- Volume is counted anew from everybody's standing, the other gates as they were. What
-- sales answered is only known of who was handed over: above the threshold in force, of
-- those whose score at the award reached the candidate; below it, of nobody: null, not
-- zero.
{%- set steps = (
    (var('sweep_below') + var('sweep_above')) / var('sweep_step')
) | round | int + 1 %}

with standing as (

    select * from {{ ref('int_contact_standing') }}
    where
        is_known
        and passes_gates
        and passes_fit
        and not is_suppressed
        and not is_held
        and not has_opportunity
        and not is_stale
        and not is_silent

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

outcomes as (

    select * from {{ ref('fct_handoff_outcomes') }}
    where handoff_type = 'contact'

),

active_reps as (

    select * from {{ ref('int_active_reps') }}

),

review_alerts as (

    select * from {{ ref('review_alerts') }}

),

lines as (

    select
        definition_id,
        product_line,
        requalify_gap_days,
        case when min_engagement_score is not null then 'engagement' else 'total' end
            as score_kind,
        coalesce(min_engagement_score, min_total_score) as current_threshold,
        {{ steps }} as steps
    from product_lines

),

numbered as (

    {{ numbered('lines', 'steps') }}

),

candidates as (

    select
        definition_id,
        product_line,
        requalify_gap_days,
        score_kind,
        current_threshold,
        current_threshold - {{ var('sweep_below') }}
        + (number - 1) * {{ var('sweep_step') }} as threshold
    from numbered

),

reached as (

    select
        candidates.definition_id,
        candidates.product_line,
        candidates.threshold,
        candidates.requalify_gap_days,
        standing.contact_id,
        standing.valid_from,
        lag({{ until('standing.valid_to') }}) over (
            partition by
                candidates.definition_id,
                candidates.product_line,
                candidates.threshold,
                standing.contact_id
            order by standing.valid_from
        ) as previous_valid_to
    from standing
    inner join candidates
        on
            standing.definition_id = candidates.definition_id
            and standing.product_line = candidates.product_line
            and (
                standing.has_direct_request
                or case
                    when candidates.score_kind = 'engagement'
                        then standing.engagement_score
                    else standing.fit_score + standing.engagement_score
                end >= candidates.threshold
            )
    where candidates.threshold > 0

),

-- a pause shorter than the gap is the same MQL (M2)
awards as (

    select
        definition_id,
        product_line,
        threshold,
        count(*) as awards
    from reached
    where
        (
            previous_valid_to is null
            or {{ add_days('previous_valid_to', 'requalify_gap_days') }} <= valid_from
        )
        and {{ add_days(as_of(), '-365') }} < valid_from
    group by definition_id, product_line, threshold

),

observed as (

    select
        candidates.definition_id,
        candidates.product_line,
        candidates.threshold,
        sum(case when outcomes.is_acceptance_mature then 1 else 0 end) as answered_mqls,
        count(case when outcomes.is_acceptance_mature then outcomes.accepted_at end)
            as accepted,
        sum(case when outcomes.is_outcome_mature then 1 else 0 end) as mature_mqls,
        count(case when outcomes.is_outcome_mature then outcomes.opportunity_at end)
            as opportunities
    from candidates
    inner join outcomes
        on
            candidates.definition_id = outcomes.definition_id
            and candidates.product_line = outcomes.product_line
            and (
                outcomes.trigger_type = 'direct_request'
                or case
                    when candidates.score_kind = 'engagement'
                        then outcomes.engagement_score
                    else outcomes.total_score
                end >= candidates.threshold
            )
    where candidates.threshold >= candidates.current_threshold
    group by
        candidates.definition_id, candidates.product_line, candidates.threshold

),

limits as (

    select
        definition_id,
        max(
            case
                when metric = 'acceptance_rate' then {{ adapter.quote('limit') }}
            end
        ) as least_acceptance,
        max(
            case
                when metric = 'mqls_per_rep' and comparison = 'above'
                    then {{ adapter.quote('limit') }}
            end
        ) as leads_per_rep
    from review_alerts
    group by definition_id

),

capacities as (

    select
        limits.definition_id,
        sum(coalesce(active_reps.monthly_capacity, limits.leads_per_rep)) as capacity
    from limits
    cross join active_reps
    group by limits.definition_id

),

-- a line's part of the reps' time is its part of the leads at the thresholds in force
shares as (

    select
        candidates.definition_id,
        candidates.product_line,
        sum(coalesce(awards.awards, 0)) over (
            partition by candidates.definition_id, candidates.product_line
        ) as line_awards,
        sum(coalesce(awards.awards, 0)) over (
            partition by candidates.definition_id
        ) as all_awards
    from candidates
    left join awards
        on
            candidates.definition_id = awards.definition_id
            and candidates.product_line = awards.product_line
            and candidates.threshold = awards.threshold
    where candidates.threshold = candidates.current_threshold

),

measured as (

    select
        candidates.definition_id,
        candidates.product_line,
        candidates.score_kind,
        candidates.threshold,
        candidates.current_threshold,
        limits.least_acceptance,
        {{ round_score('coalesce(awards.awards, 0) * 30.4375 / 365.0') }}
            as mqls_per_month,
        case
            when shares.all_awards > 0
                then {{ round_score(
                    'capacities.capacity * shares.line_awards / shares.all_awards'
                ) }}
        end as capacity,
        coalesce(observed.answered_mqls, 0) as answered_mqls,
        coalesce(observed.accepted, 0) as accepted,
        coalesce(observed.mature_mqls, 0) as mature_mqls,
        coalesce(observed.opportunities, 0) as opportunities
    from candidates
    inner join limits
        on candidates.definition_id = limits.definition_id
    inner join shares
        on
            candidates.definition_id = shares.definition_id
            and candidates.product_line = shares.product_line
    left join capacities
        on candidates.definition_id = capacities.definition_id
    left join awards
        on
            candidates.definition_id = awards.definition_id
            and candidates.product_line = awards.product_line
            and candidates.threshold = awards.threshold
    left join observed
        on
            candidates.definition_id = observed.definition_id
            and candidates.product_line = observed.product_line
            and candidates.threshold = observed.threshold
    where candidates.threshold > 0

),

judged as (

    select
        *,
        {{ rate('accepted', 'answered_mqls') }} as acceptance_rate,
        max(
            case when threshold = current_threshold then {{ rate('accepted', 'answered_mqls') }} end
        ) over (partition by definition_id, product_line) as current_acceptance_rate,
        max(case when threshold = current_threshold then answered_mqls end) over (
            partition by definition_id, product_line
        ) as current_answered_mqls,
        max(case when threshold = current_threshold then mqls_per_month end) over (
            partition by definition_id, product_line
        ) as current_mqls_per_month
    from measured

),

-- the guide: too little acceptance, raise it; good acceptance and too few leads, lower it
-- by a step; more leads than the reps can follow up, raise it
advised as (

    select
        *,
        case
            when current_answered_mqls < {{ var('enough_mqls') }}
                then 'stay: too few answers to tell'
            when
                current_acceptance_rate < least_acceptance
                and current_mqls_per_month > 0
                then 'raise: acceptance is below the limit'
            when current_mqls_per_month > capacity
                then 'raise: more leads than the reps can follow up'
            when current_mqls_per_month < capacity / 2
                then 'lower: acceptance is good and the reps have room'
            else 'stay: acceptance and volume are within their limits'
        end as advice
    from judged

),

ranked as (

    select
        *,
        row_number() over (
            partition by definition_id, product_line
            order by
                case
                    when advice like 'stay%' and threshold = current_threshold then 0
                    when
                        advice like 'lower%'
                        and threshold = current_threshold - {{ var('sweep_step') }}
                        then 0
                    when
                        advice like 'raise: more%'
                        and threshold > current_threshold
                        and mqls_per_month <= capacity
                        then 0
                    when
                        advice like 'raise: acc%'
                        and threshold > current_threshold
                        and answered_mqls >= {{ var('enough_mqls') }}
                        and acceptance_rate >= least_acceptance
                        then 0
                    when threshold = current_threshold then 1
                    else 2
                end,
                threshold
        ) as choice
    from advised

),

final as (

    select
        definition_id,
        product_line,
        score_kind,
        case
            when choice <> 1 then null
            when advice not like 'stay%' and threshold = current_threshold
                then advice || '; but no candidate mends it'
            else advice
        end as reason,
        cast(answered_mqls as integer) as answered_mqls,
        cast(accepted as integer) as accepted,
        cast(mature_mqls as integer) as mature_mqls,
        cast(opportunities as integer) as opportunities,
        cast(threshold as double precision) as threshold,
        mqls_per_month,
        capacity,
        {{ rate_with_bounds('acceptance_rate', 'accepted', 'answered_mqls') }},
        {{ rate_with_bounds('opportunity_rate', 'opportunities', 'mature_mqls') }},
        answered_mqls >= {{ var('enough_mqls') }} as is_enough_data,
        threshold = current_threshold as is_current,
        choice = 1 as is_recommended
    from ranked

)

select * from final
