{{ config(materialized='table_by_contact') }}

-- What a contact adds to its account's score, as long as it counts there (C1).
with standing as (

    select * from {{ ref('int_contact_standing') }}

),

account_timelines as (

    select * from {{ ref('int_account_timelines') }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

countable as (

    select
        standing.definition_id,
        standing.contact_id,
        standing.product_line,
        standing.account_id,
        standing.score_when_scored,
        standing.half_life_days,
        product_lines.account_contact_min_engagement,
        standing.passes_gates and standing.passes_fit as passes_gates_and_fit,
        coalesce(
            standing.engagement_score >= product_lines.account_contact_min_engagement,
            false
        ) as is_engaged,
        standing.scored_at,
        standing.valid_from,
        standing.valid_to
    from standing
    inner join account_timelines
        on
            standing.definition_id = account_timelines.definition_id
            and standing.account_id = account_timelines.account_id
            and standing.product_line = account_timelines.product_line
    inner join product_lines
        on
            standing.definition_id = product_lines.definition_id
            and standing.product_line = product_lines.product_line
    where
        standing.is_known
        and not standing.is_suppressed
        and not standing.is_held
        and standing.counts_for_account
        -- who adds neither points, nor a head, nor a pass leaves no row
        and (
            standing.score_when_scored > 0
            or (standing.passes_gates and standing.passes_fit)
            or product_lines.account_contact_min_engagement <= 0
        )

),

final as (

    select
        definition_id,
        contact_id,
        product_line,
        account_id,
        score_when_scored,
        half_life_days,
        {{ score_at('valid_from') }} as score_at_start,
        case when valid_to is not null then {{ score_at('valid_to') }} end
            as score_at_end,
        passes_gates_and_fit,
        is_engaged,
        scored_at,
        valid_from,
        valid_to,
        -- until when the contact counts as engaged: a half-life may end that before
        case
            when is_engaged and half_life_days is not null
                then least(
                    {{ falls_below_at(
                        'score_when_scored',
                        'account_contact_min_engagement',
                        'half_life_days',
                        'scored_at',
                        'valid_from',
                    ) }},
                    valid_to
                )
            else valid_to
        end as engaged_until
    from countable

)

select * from final
