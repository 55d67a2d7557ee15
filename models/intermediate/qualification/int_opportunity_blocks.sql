{{ config(materialized='table_by_contact') }}

with opportunities as (

    select * from {{ ref('int_line_opportunities') }}

),

direct_requests as (

    select * from {{ ref('int_line_activities') }}
    where is_direct_request

),

first_requests as (

    select
        opportunities.definition_id,
        opportunities.product_line,
        opportunities.opportunity_id,
        min(direct_requests.occurred_at) as requested_at
    from opportunities
    inner join direct_requests
        on
            opportunities.definition_id = direct_requests.definition_id
            and opportunities.contact_id = direct_requests.contact_id
            and opportunities.product_line = direct_requests.product_line
            and opportunities.closed_at < direct_requests.occurred_at
    group by
        opportunities.definition_id,
        opportunities.product_line,
        opportunities.opportunity_id

),

final as (

    -- open, and then closed less than the hold ago, unless asked for again
    select
        opportunities.definition_id,
        opportunities.contact_id,
        opportunities.product_line,
        opportunities.opportunity_id,
        opportunities.created_at as valid_from,
        case
            when opportunities.closed_at is not null
                then least(
                    {{ add_days(
                        'opportunities.closed_at',
                        'opportunities.closed_opportunity_hold_days',
                    ) }},
                    first_requests.requested_at
                )
        end as valid_to
    from opportunities
    left join first_requests
        on
            opportunities.definition_id = first_requests.definition_id
            and opportunities.product_line = first_requests.product_line
            and opportunities.opportunity_id = first_requests.opportunity_id

)

select * from final
