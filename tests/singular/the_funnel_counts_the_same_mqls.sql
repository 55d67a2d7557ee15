-- Every mart of the funnel counts the same MQLs: those of one count are those of all
-- others, per month and line, or whatever the two have in common.
{%- set stages = ['mqls', 'accepted', 'opportunities', 'won'] %}

with handoffs as (

    select * from {{ ref('fct_mql_handoffs') }}
    where is_official

),

outcomes as (

    select * from {{ ref('fct_handoff_outcomes') }}

),

monthly as (

    select * from {{ ref('fct_funnel_monthly') }}

),

cohorts as (

    select * from {{ ref('fct_mql_cohorts') }}

),

review as (

    select * from {{ ref('fct_monthly_review') }}

),

clocks as (

    select * from {{ ref('fct_sla_monthly') }}

),

drivers as (

    select * from {{ ref('fct_mql_drivers') }}

),

campaigns as (

    select * from {{ ref('fct_campaign_performance') }}

),

-- straight from what sales was given, not by way of the funnel
ranked_handoffs as (

    select
        product_line,
        {{ month_of('mql_at') }} as month,
        row_number() over (
            partition by handoff_id
            order by mql_at, {{ byte_order('product_line') }}
        ) as place
    from handoffs

),

by_handoffs as (

    select
        month,
        product_line,
        count(*) as mqls
    from ranked_handoffs
    where place = 1
    group by month, product_line

),

by_outcomes as (

    select
        month,
        product_line,
        {{ stage_counts() }}
    from outcomes
    group by month, product_line

),

-- what had become of a cohort by the last month is what has become of it
by_cohorts as (

    select
        cohort_month as month,
        product_line,
        {% for stage in stages -%}
        max({{ stage }}) as {{ stage }},
        {% endfor -%}
        max(case when months_since = 0 then mqls end) as mqls_at_the_start
    from cohorts
    group by cohort_month, product_line

),

months as (

    select
        month,
        {% for stage in stages -%}
        sum({{ stage }}) as {{ stage }},
        {% endfor -%}
        count(*) as product_lines
    from monthly
    group by month

),

clocks_by_month as (

    select
        month,
        sum(handoffs) as handoffs
    from clocks
    group by month

),

by_attribute as (

    select
        attribute,
        product_line,
        sum(mqls) as mqls
    from drivers
    group by attribute, product_line

),

mature as (

    select
        product_line,
        count(*) as mqls
    from outcomes
    where is_outcome_mature
    group by product_line

),

by_touch as (

    select
        touch,
        sum(mqls) as mqls
    from campaigns
    group by touch

),

people as (

    select count(*) as mqls
    from outcomes
    where handoff_type = 'contact'

),

comparisons as (

    select
        'hand-overs' as compared,
        cast(monthly.month as {{ dbt.type_string() }}) as counted_for,
        monthly.product_line,
        monthly.mqls,
        coalesce(by_handoffs.mqls, 0) as mqls_there
    from monthly
    left join by_handoffs
        on
            monthly.month = by_handoffs.month
            and monthly.product_line = by_handoffs.product_line

    union all

    select
        'hand-overs in no month' as compared,
        cast(by_handoffs.month as {{ dbt.type_string() }}) as counted_for,
        by_handoffs.product_line,
        by_handoffs.mqls,
        coalesce(monthly.mqls, 0) as mqls_there
    from by_handoffs
    left join monthly
        on
            by_handoffs.month = monthly.month
            and by_handoffs.product_line = monthly.product_line

    union all

    select
        'cohorts at the start' as compared,
        cast(month as {{ dbt.type_string() }}) as counted_for,
        product_line,
        mqls,
        mqls_at_the_start as mqls_there
    from by_cohorts
    {%- for stage in stages %}

    union all

    select
        'outcomes: {{ stage }}' as compared,
        cast(monthly.month as {{ dbt.type_string() }}) as counted_for,
        monthly.product_line,
        monthly.{{ stage }} as counted,
        coalesce(by_outcomes.{{ stage }}, 0) as counted_there
    from monthly
    left join by_outcomes
        on
            monthly.month = by_outcomes.month
            and monthly.product_line = by_outcomes.product_line

    union all

    select
        'cohorts: {{ stage }}' as compared,
        cast(monthly.month as {{ dbt.type_string() }}) as counted_for,
        monthly.product_line,
        monthly.{{ stage }} as counted,
        coalesce(by_cohorts.{{ stage }}, 0) as counted_there
    from monthly
    left join by_cohorts
        on
            monthly.month = by_cohorts.month
            and monthly.product_line = by_cohorts.product_line

    union all

    select
        'review: {{ stage }}' as compared,
        cast(months.month as {{ dbt.type_string() }}) as counted_for,
        'all' as product_line,
        months.{{ stage }} as counted,
        review.{{ stage }} as counted_there
    from months
    left join review
        on months.month = review.month
    {%- endfor %}

    union all

    select
        'clocks' as compared,
        cast(review.month as {{ dbt.type_string() }}) as counted_for,
        'all' as product_line,
        review.mqls,
        coalesce(clocks_by_month.handoffs, 0) as mqls_there
    from review
    left join clocks_by_month
        on review.month = clocks_by_month.month

    union all

    select
        'drivers' as compared,
        by_attribute.attribute as counted_for,
        by_attribute.product_line,
        by_attribute.mqls,
        mature.mqls as mqls_there
    from by_attribute
    left join mature
        on by_attribute.product_line = mature.product_line

    union all

    select
        'campaigns' as compared,
        by_touch.touch as counted_for,
        'all' as product_line,
        by_touch.mqls,
        people.mqls as mqls_there
    from by_touch
    cross join people

)

select *
from comparisons
where mqls <> mqls_there or mqls_there is null
