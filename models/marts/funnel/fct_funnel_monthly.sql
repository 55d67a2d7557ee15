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
        count(*) as mqls,
        count(first_response_at) as responded,
        count(accepted_at) as accepted,
        count(rejected_at) as rejected,
        count(opportunity_at) as opportunities,
        count(won_at) as won,
        sum(open_amount_usd) as pipeline_usd,
        sum(won_amount_usd) as amount_won_usd
    from outcomes
    group by month, product_line

),

filled as (

    select
        months.month,
        product_lines.product_line,
        coalesce(contacts.contacts_created, 0) as contacts_created,
        coalesce(counted.mqls, 0) as mqls,
        coalesce(counted.responded, 0) as responded,
        coalesce(counted.accepted, 0) as accepted,
        coalesce(counted.rejected, 0) as rejected,
        coalesce(counted.opportunities, 0) as opportunities,
        coalesce(counted.won, 0) as won,
        coalesce(counted.pipeline_usd, 0.0) as pipeline_usd,
        coalesce(counted.amount_won_usd, 0.0) as amount_won_usd,
        {{ month_is_mature('months.month', var('acceptance_mature_days')) }}
            as is_acceptance_mature,
        {{ month_is_mature('months.month', var('outcome_mature_days')) }}
            as is_outcome_mature
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
        cast(mqls as integer) as mqls,
        cast(responded as integer) as responded,
        cast(accepted as integer) as accepted,
        cast(rejected as integer) as rejected,
        cast(opportunities as integer) as opportunities,
        cast(won as integer) as won,
        pipeline_usd,
        amount_won_usd,
        {{ rate_with_bounds('response_rate', 'responded', 'mqls', 'is_acceptance_mature') }},
        {{ rate_with_bounds(
            'acceptance_rate', 'accepted', 'mqls', 'is_acceptance_mature'
        ) }},
        {{ rate_with_bounds(
            'rejection_rate', 'rejected', 'mqls', 'is_acceptance_mature'
        ) }},
        {{ rate_with_bounds(
            'opportunity_rate', 'opportunities', 'mqls', 'is_outcome_mature'
        ) }},
        {{ rate_with_bounds('win_rate', 'won', 'mqls', 'is_outcome_mature') }},
        mqls >= {{ var('enough_mqls') }} as is_enough_data,
        is_acceptance_mature,
        is_outcome_mature,
        month
    from filled

)

select * from final
