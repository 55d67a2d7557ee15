{{ config(materialized='table_by_account') }}

with timeline as (

    select * from {{ ref('int_account_timeline') }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

scored as (

    select
        timeline.*,
        product_lines.account_min_engagement,
        product_lines.account_min_contacts,
        {{ round_score('score_when_scored') }} as engagement_score
    from timeline
    inner join product_lines
        on
            timeline.definition_id = product_lines.definition_id
            and timeline.product_line = product_lines.product_line

),

with_crossing as (

    select
        *,
        case
            when
                half_life_days is not null
                and engagement_score >= account_min_engagement
                then {{ falls_below_at(
                    'score_when_scored',
                    'account_min_engagement',
                    'half_life_days',
                    'scored_at',
                    'valid_from',
                ) }}
        end as falls_below_at
    from scored

),

cut as (

    {{ cut_at_crossings('with_crossing') | indent(4) }}

),

with_bounds as (

    select
        definition_id,
        account_id,
        product_line,
        score_when_scored,
        half_life_days,
        engaged_contacts,
        qualifying_contacts,
        account_min_contacts,
        passes_gates,
        has_opportunity,
        scored_at,
        case
            when is_after_crossing
                then {{ round_score(score_at('falls_below_at')) }}
            else engagement_score
        end as engagement_score,
        case
            when is_after_crossing then false
            else coalesce(engagement_score >= account_min_engagement, false)
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
        account_id,
        product_line,
        score_when_scored,
        half_life_days,
        engagement_score,
        engaged_contacts,
        qualifying_contacts,
        (
            passes_score
            and passes_gates
            and not has_opportunity
            and qualifying_contacts > 0
            and coalesce(engaged_contacts >= account_min_contacts, false)
        ) as is_qualified,
        scored_at,
        valid_from,
        valid_to
    from with_bounds
    where valid_to is null or valid_from < valid_to

)

select * from final
