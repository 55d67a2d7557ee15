-- How a month's MQLs ripen: what had become of them by the end of each later month.
with outcomes as (

    select * from {{ ref('fct_handoff_outcomes') }}

),

months as (

    select * from {{ ref('int_months') }}

),

ages as (

    select
        cohorts.month as cohort_month,
        months.month as until_month,
        {{ dbt.datediff('cohorts.month', 'months.month', 'month') }} as months_since
    from months as cohorts
    inner join months
        on cohorts.month <= months.month

),

counted as (

    select
        ages.cohort_month,
        outcomes.product_line,
        ages.months_since,
        ages.until_month,
        count(*) as mqls,
        sum(case when {{ month_of('outcomes.accepted_at') }} <= ages.until_month then 1 else 0 end)
            as accepted,
        sum(
            case
                when {{ month_of('outcomes.opportunity_at') }} <= ages.until_month then 1
                else 0
            end
        ) as opportunities,
        sum(case when {{ month_of('outcomes.won_at') }} <= ages.until_month then 1 else 0 end)
            as won
    from ages
    inner join outcomes
        on ages.cohort_month = outcomes.month
    group by
        ages.cohort_month, outcomes.product_line, ages.months_since, ages.until_month

),

aged as (

    select
        *,
        {{ month_is_mature('until_month', 0) }} as is_mature
    from counted

),

final as (

    select
        product_line,
        cast(months_since as integer) as months_since,
        cast(mqls as integer) as mqls,
        cast(accepted as integer) as accepted,
        cast(opportunities as integer) as opportunities,
        cast(won as integer) as won,
        {{ rate_with_bounds('acceptance_rate', 'accepted', 'mqls', 'is_mature') }},
        {{ rate_with_bounds('opportunity_rate', 'opportunities', 'mqls', 'is_mature') }},
        {{ rate_with_bounds('win_rate', 'won', 'mqls', 'is_mature') }},
        mqls >= {{ var('enough_mqls') }} as is_enough_data,
        is_mature,
        cohort_month
    from aged

)

select * from final
