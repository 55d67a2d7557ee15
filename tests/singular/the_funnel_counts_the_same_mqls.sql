-- Every mart of the funnel counts the same MQLs: those of one count are those of all
-- others, per month and line, or whatever the two have in common.
with outcomes as (

    select * from {{ ref('fct_handoff_outcomes') }}

),

drivers as (

    select
        attribute,
        product_line,
        sum(mqls) as mqls
    from {{ ref('fct_mql_drivers') }}
    group by attribute, product_line

),

campaigns as (

    select
        touch,
        sum(mqls) as mqls
    from {{ ref('fct_campaign_performance') }}
    group by touch

),

people as (

    select count(*) as mqls
    from outcomes
    where handoff_type = 'contact'

),

counted_by_outcomes as (

    select
        month,
        product_line,
        count(*) as mqls,
        count(accepted_at) as accepted,
        count(opportunity_at) as opportunities,
        count(won_at) as won
    from outcomes
    group by month, product_line

),

-- straight from what sales was given, not by way of the funnel
counted_by_handoffs as (

    select
        first_mqls.month,
        first_mqls.product_line,
        count(*) as mqls
    from (
        select
            {{ month_of('mql_at') }} as month,
            product_line,
            row_number() over (
                partition by handoff_id
                order by mql_at, {{ byte_order('product_line') }}
            ) as place
        from {{ ref('fct_mql_handoffs') }}
        where is_official
    ) as first_mqls
    where first_mqls.place = 1
    group by first_mqls.month, first_mqls.product_line

),

comparisons as (

    select
        'hand-overs' as compared,
        cast(counted_by_outcomes.month as {{ dbt.type_string() }}) as counted_for,
        counted_by_outcomes.product_line,
        counted_by_outcomes.mqls,
        coalesce(counted_by_handoffs.mqls, 0) as mqls_there
    from counted_by_outcomes
    left join counted_by_handoffs
        on
            counted_by_outcomes.month = counted_by_handoffs.month
            and counted_by_outcomes.product_line = counted_by_handoffs.product_line

    union all

    select
        'all hand-overs' as compared,
        'ever' as counted_for,
        'all' as product_line,
        (select count(*) from outcomes) as mqls,
        (
            select count(distinct handoff_id)
            from {{ ref('fct_mql_handoffs') }}
            where is_official
        ) as mqls_there
    {%- for stage in ['mqls', 'accepted', 'opportunities', 'won'] %}

    union all

    select
        'monthly: {{ stage }}' as compared,
        cast(monthly.month as {{ dbt.type_string() }}) as counted_for,
        monthly.product_line,
        monthly.{{ stage }} as mqls_here,
        coalesce(counted_by_outcomes.{{ stage }}, 0) as mqls_there
    from {{ ref('fct_funnel_monthly') }} as monthly
    left join counted_by_outcomes
        on
            monthly.month = counted_by_outcomes.month
            and monthly.product_line = counted_by_outcomes.product_line

    union all

    -- what had become of a cohort by the last month is what has become of it
    select
        'cohorts: {{ stage }}' as compared,
        cast(counted_by_outcomes.month as {{ dbt.type_string() }}) as counted_for,
        counted_by_outcomes.product_line,
        counted_by_outcomes.{{ stage }} as mqls_here,
        max(cohorts.{{ stage }}) as mqls_there
    from counted_by_outcomes
    left join {{ ref('fct_mql_cohorts') }} as cohorts
        on
            counted_by_outcomes.month = cohorts.cohort_month
            and counted_by_outcomes.product_line = cohorts.product_line
    group by
        counted_by_outcomes.month,
        counted_by_outcomes.product_line,
        counted_by_outcomes.{{ stage }}

    union all

    select
        'review: {{ stage }}' as compared,
        cast(review.month as {{ dbt.type_string() }}) as counted_for,
        'all' as product_line,
        review.{{ stage }} as mqls_here,
        coalesce(sum(counted_by_outcomes.{{ stage }}), 0) as mqls_there
    from {{ ref('fct_monthly_review') }} as review
    left join counted_by_outcomes
        on review.month = counted_by_outcomes.month
    group by review.month, review.{{ stage }}
    {%- endfor %}

    union all

    select
        'cohorts at the start' as compared,
        cast(counted_by_outcomes.month as {{ dbt.type_string() }}) as counted_for,
        counted_by_outcomes.product_line,
        counted_by_outcomes.mqls,
        coalesce(cohorts.mqls, 0) as mqls_there
    from counted_by_outcomes
    left join {{ ref('fct_mql_cohorts') }} as cohorts
        on
            counted_by_outcomes.month = cohorts.cohort_month
            and counted_by_outcomes.product_line = cohorts.product_line
            and cohorts.months_since = 0

    union all

    select
        'drivers' as compared,
        drivers.attribute as counted_for,
        drivers.product_line,
        drivers.mqls,
        count(outcomes.handoff_id) as mqls_there
    from drivers
    left join outcomes
        on
            drivers.product_line = outcomes.product_line
            and outcomes.is_outcome_mature
    group by drivers.attribute, drivers.product_line, drivers.mqls

    union all

    select
        'campaigns' as compared,
        campaigns.touch as counted_for,
        'all' as product_line,
        campaigns.mqls,
        people.mqls as mqls_there
    from campaigns
    cross join people

    union all

    select
        'clocks' as compared,
        cast(review.month as {{ dbt.type_string() }}) as counted_for,
        'all' as product_line,
        review.mqls,
        coalesce(sum(clocks.handoffs), 0) as mqls_there
    from {{ ref('fct_monthly_review') }} as review
    left join {{ ref('fct_sla_monthly') }} as clocks
        on review.month = clocks.month
    group by review.month, review.mqls

)

select *
from comparisons
where mqls <> mqls_there or mqls_there is null
