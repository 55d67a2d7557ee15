-- How a month's MQLs ripen: what had become of them by the end of each later month.
{%- set stages = {
    'accepted': 'accepted_at', 'opportunities': 'opportunity_at', 'won': 'won_at',
} %}

with outcomes as (

    select * from {{ ref('fct_handoff_outcomes') }}

),

months as (

    select * from {{ ref('int_months') }}

),

ages as (

    select
        cohorts.month as cohort_month,
        {{ dbt.datediff('cohorts.month', 'later_months.month', 'month') }}
            as months_since,
        later_months.is_over,
        later_months.ends_at
    from months as cohorts
    inner join months as later_months
        on cohorts.month <= later_months.month

),

counted as (

    select
        ages.cohort_month,
        outcomes.product_line,
        ages.months_since,
        ages.is_over,
        {% for stage, at in stages.items() -%}
        count(case when outcomes.{{ at }} < ages.ends_at then outcomes.{{ at }} end)
            as {{ stage }},
        {% endfor -%}
        count(*) as mqls
    from ages
    inner join outcomes
        on ages.cohort_month = outcomes.month
    group by ages.cohort_month, outcomes.product_line, ages.months_since, ages.is_over

),

final as (

    select
        product_line,
        cast(months_since as integer) as months_since,
        cast(mqls as integer) as mqls,
        cast(accepted as integer) as accepted,
        cast(opportunities as integer) as opportunities,
        cast(won as integer) as won,
        {{ rate_with_bounds('acceptance_rate', 'accepted', 'mqls', 'is_over') }},
        {{ rate_with_bounds('opportunity_rate', 'opportunities', 'mqls', 'is_over') }},
        {{ rate_with_bounds('won_rate', 'won', 'mqls', 'is_over') }},
        mqls >= {{ var('enough_mqls') }} as is_enough_data,
        is_over as is_mature,
        cohort_month
    from counted

)

select * from final
