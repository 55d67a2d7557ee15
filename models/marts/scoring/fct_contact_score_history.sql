{{ config(materialized=projection()) }}

with standing as (

    select * from {{ ref('int_contact_standing') }}

),

clocks as (

    select * from {{ ref('int_contact_clocks') }}

),

final as (

    select
        standing.definition_id,
        standing.contact_id,
        standing.product_line,
        standing.account_id,
        standing.fit_score,
        standing.engagement_score,
        {{ round_score('standing.fit_score + standing.engagement_score') }}
            as total_score,
        standing.is_qualified,
        -- from the first activity or version on; a contact may be known before
        greatest(standing.valid_from, clocks.started_at) as valid_from,
        standing.valid_to
    from standing
    inner join clocks
        on
            standing.definition_id = clocks.definition_id
            and standing.contact_id = clocks.contact_id
    where standing.valid_to is null or clocks.started_at < standing.valid_to

)

select * from final
