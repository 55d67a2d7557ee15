{{ config(materialized='table_by_contact') }}

-- The standing of a contact for a line, cut into intervals in which no gate changes.
-- Between two change points only a half-life moves the score; where it takes it below
-- the threshold in between, the interval is cut there.
with timeline as (

    select * from {{ ref('int_timeline') }}

),

fit_scores as (

    select * from {{ ref('int_fit_scores') }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

scored as (

    select
        timeline.*,
        fit_scores.valid_from as segment_from,
        fit_scores.account_id,
        fit_scores.counts_for_account,
        fit_scores.fit_score,
        fit_scores.engagement_needed,
        fit_scores.passes_gates,
        fit_scores.passes_fit,
        product_lines.half_life_days,
        {{ round_score(score_at('timeline.valid_from')) }} as engagement_score
    from timeline
    inner join fit_scores
        on
            timeline.definition_id = fit_scores.definition_id
            and timeline.contact_id = fit_scores.contact_id
            and timeline.product_line = fit_scores.product_line
            and fit_scores.valid_from <= timeline.valid_from
            and timeline.valid_from < {{ until('fit_scores.valid_to') }}
    inner join product_lines
        on
            timeline.definition_id = product_lines.definition_id
            and timeline.product_line = product_lines.product_line

),

with_crossing as (

    select
        *,
        case
            when half_life_days is not null and engagement_score >= engagement_needed
                then {{ falls_below_at(
                    'score_when_scored',
                    'engagement_needed',
                    'half_life_days',
                    'scored_at',
                    'valid_from',
                ) }}
        end as falls_below_at
    from scored

),

-- what falls below the threshold within its interval makes two. A join, and not a
-- union, for which an engine would keep every row to read it twice
pieces as (

    select false as is_after_crossing
    union all
    select true as is_after_crossing

),

cut as (

    select
        with_crossing.*,
        pieces.is_after_crossing
    from with_crossing
    inner join pieces
        on
            not pieces.is_after_crossing
            or (
                with_crossing.falls_below_at <= {{ as_of() }}
                and (
                    with_crossing.valid_to is null
                    or with_crossing.falls_below_at < with_crossing.valid_to
                )
            )

),

with_bounds as (

    select
        definition_id,
        contact_id,
        product_line,
        account_id,
        counts_for_account,
        fit_score,
        engagement_needed,
        score_when_scored,
        half_life_days,
        segment_from,
        scored_at,
        is_known,
        passes_gates,
        passes_fit,
        has_direct_request,
        is_suppressed,
        is_held,
        has_opportunity,
        is_stale,
        is_silent,
        case
            when is_after_crossing
                then {{ round_score(score_at('falls_below_at')) }}
            else engagement_score
        end as engagement_score,
        case
            when is_after_crossing then false
            else coalesce(engagement_score >= engagement_needed, false)
        end as passes_score,
        case when is_after_crossing then falls_below_at else valid_from end
            as valid_from,
        case
            when is_after_crossing then valid_to
            when falls_below_at <= {{ as_of() }} then least(falls_below_at, valid_to)
            else valid_to
        end as valid_to
    from cut

),

final as (

    select
        definition_id,
        contact_id,
        product_line,
        account_id,
        counts_for_account,
        fit_score,
        engagement_score,
        engagement_needed,
        score_when_scored,
        half_life_days,
        is_known,
        passes_gates,
        passes_fit,
        passes_score,
        has_direct_request,
        is_suppressed,
        is_held,
        has_opportunity,
        is_stale,
        is_silent,
        {{ qualifies() }} as is_qualified,
        segment_from,
        scored_at,
        valid_from,
        valid_to
    from with_bounds
    where valid_to is null or valid_from < valid_to

)

select * from final
