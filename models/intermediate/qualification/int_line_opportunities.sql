with opportunities as (

    select * from {{ ref('int_opportunities') }}
    where contact_id is not null

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

final as (

    select
        product_lines.definition_id,
        opportunities.contact_id,
        product_lines.product_line,
        opportunities.opportunity_id,
        product_lines.closed_opportunity_hold_days,
        opportunities.created_at,
        -- a close before the opening is a slip of the source: it closed as it opened
        case
            when opportunities.closed_at <= {{ as_of() }}
                then greatest(opportunities.closed_at, opportunities.created_at)
        end as closed_at
    from opportunities
    inner join product_lines
        on {{ counts_for_line(
            'opportunities.product_line', 'product_lines.product_line'
        ) }}

)

select * from final
