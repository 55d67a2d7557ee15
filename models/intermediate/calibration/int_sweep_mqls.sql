{{ config(materialized='table_by_contact') }}

-- The MQLs each threshold would have awarded, the other gates as they were: qualified
-- intervals (M1), joined over lapses (M2).
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

thresholds as (

    select * from {{ ref('int_sweep_thresholds') }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

exceptions as (

    select * from {{ ref('int_lapse_exceptions') }}

),

versions as (

    select * from {{ ref('int_version_moments') }}

),

tried as (

    select
        thresholds.definition_id,
        standing.contact_id,
        thresholds.product_line,
        thresholds.step,
        standing.engagement_score,
        standing.score_when_scored,
        standing.half_life_days,
        case
            when thresholds.score_kind = 'total'
                then {{ round_score('thresholds.threshold - standing.fit_score') }}
            else greatest(
                thresholds.threshold,
                coalesce(
                    {{ round_score(
                        'thresholds.other_min_total_score - standing.fit_score'
                    ) }},
                    thresholds.threshold
                )
            )
        end as engagement_needed,
        standing.passes_score,
        standing.has_direct_request,
        standing.scored_at,
        standing.valid_from,
        {{ until('standing.valid_to') }} as valid_to
    from standing
    inner join thresholds
        on
            standing.definition_id = thresholds.definition_id
            and standing.product_line = thresholds.product_line

),

passing as (

    select
        *,
        -- a half-life takes the score below the threshold in between
        case
            when
                half_life_days is not null
                and not has_direct_request
                and step <> 0
                then least(
                    valid_to,
                    coalesce(
                        {{ falls_below_at(
                            'score_when_scored',
                            'engagement_needed',
                            'half_life_days',
                            'scored_at',
                            'valid_from',
                        ) }},
                        valid_to
                    )
                )
            else valid_to
        end as passes_until
    from tried
    where
        has_direct_request
        -- at the threshold in force the standing has said so, to the microsecond
        or case
            when step = 0 then passes_score
            else engagement_score >= engagement_needed
        end

),

with_previous as (

    select
        *,
        lag(passes_until) over (
            partition by definition_id, contact_id, product_line, step
            order by valid_from
        ) as passed_until
    from passing

),

final as (

    select
        with_previous.definition_id,
        with_previous.contact_id,
        with_previous.product_line,
        with_previous.step,
        with_previous.valid_from as mql_at
    from with_previous
    inner join product_lines
        on
            with_previous.definition_id = product_lines.definition_id
            and with_previous.product_line = product_lines.product_line
    left join exceptions as no_lapses
        on
            with_previous.definition_id = no_lapses.definition_id
            and with_previous.contact_id = no_lapses.contact_id
            and with_previous.product_line = no_lapses.product_line
            and with_previous.passed_until = no_lapses.occurred_at
            and no_lapses.is_no_lapse
    left join versions
        on
            with_previous.contact_id = versions.contact_id
            and with_previous.passed_until = versions.version_at
    left join exceptions as new_starts
        on
            with_previous.definition_id = new_starts.definition_id
            and with_previous.contact_id = new_starts.contact_id
            and with_previous.product_line = new_starts.product_line
            and with_previous.valid_from = new_starts.occurred_at
            and new_starts.is_new_start
    where
        with_previous.passed_until is null
        or (
            with_previous.passed_until < with_previous.valid_from
            and (
                no_lapses.occurred_at is not null
                or versions.version_at is not null
                or new_starts.occurred_at is not null
                or {{ add_days(
                    'with_previous.passed_until', 'product_lines.requalify_gap_days'
                ) }} <= with_previous.valid_from
            )
        )

)

select * from final
