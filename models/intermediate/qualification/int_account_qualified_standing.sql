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
        {{ round_score('timeline.score_when_scored') }} as engagement_score
    from timeline
    inner join product_lines
        on
            timeline.definition_id = product_lines.definition_id
            and timeline.product_line = product_lines.product_line
    where
        timeline.passes_gates
        and not timeline.has_opportunity
        and timeline.qualifying_contacts > 0
        and timeline.engaged_contacts >= product_lines.account_min_contacts

),

with_crossing as (

    select
        *,
        case
            when half_life_days is not null
                then {{ falls_below_at(
                    'score_when_scored',
                    'account_min_engagement',
                    'half_life_days',
                    'scored_at',
                    'valid_from',
                ) }}
        end as falls_below_at
    from scored
    where engagement_score >= account_min_engagement

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
        scored_at,
        valid_from,
        case
            when falls_below_at <= {{ as_of() }} then least(falls_below_at, valid_to)
            else valid_to
        end as valid_to
    from with_crossing
    where coalesce(valid_from < falls_below_at, true)

)

select * from final
