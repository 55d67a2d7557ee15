-- The funnel of each month's MQLs: every count and rate of a row is about the same
-- hand-overs, whenever their later stages happened.
with outcomes as (

    select * from {{ ref('fct_handoff_outcomes') }}

),

months as (

    select * from {{ ref('int_months') }}

),

product_lines as (

    select distinct product_line
    from {{ ref('int_product_lines') }}
    where official_from is not null

),

contacts as (

    select
        {{ month_of('created_at') }} as month,
        count(*) as contacts_created
    from {{ ref('dim_contacts') }}
    group by {{ month_of('created_at') }}

),

counted as (

    select
        month,
        product_line,
        {{ stage_counts() }}
    from outcomes
    group by month, product_line

),

filled as (

    select
        months.month,
        months.is_acceptance_mature,
        months.is_outcome_mature,
        product_lines.product_line,
        coalesce(contacts.contacts_created, 0) as contacts_created,
        {{ counts_or_zero('counted') }}
    from months
    cross join product_lines
    left join counted
        on
            months.month = counted.month
            and product_lines.product_line = counted.product_line
    left join contacts
        on months.month = contacts.month

),

final as (

    select
        product_line,
        cast(contacts_created as integer) as contacts_created,
        mqls,
        responded,
        accepted,
        rejected,
        opportunities,
        won,
        out_of_order,
        pipeline_usd,
        amount_won_usd,
        {{ rate_with_bounds(
            'response_rate', 'responded', 'mqls', 'is_acceptance_mature'
        ) }},
        {{ rate_with_bounds(
            'acceptance_rate', 'accepted', 'mqls', 'is_acceptance_mature'
        ) }},
        {{ rate_with_bounds(
            'rejection_rate', 'rejected', 'mqls', 'is_acceptance_mature'
        ) }},
        {{ rate_with_bounds(
            'opportunity_rate', 'opportunities', 'mqls', 'is_outcome_mature'
        ) }},
        {{ rate_with_bounds('won_rate', 'won', 'mqls', 'is_outcome_mature') }},
        mqls >= {{ var('enough_mqls') }} as is_enough_data,
        is_acceptance_mature,
        is_outcome_mature,
        month
    from filled

)

select * from final
