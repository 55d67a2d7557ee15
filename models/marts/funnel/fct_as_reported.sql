{{ config(materialized=projection()) }}

-- What was said of a month when it closed, beside what is known of it today, so that
-- last month's numbers do not silently move.
{%- set figures = [
    'mqls', 'responded', 'accepted', 'rejected', 'opportunities', 'won',
    'amount_won_usd',
] %}

with reported as (

    select * from {{ ref('fct_reported_months') }}
    where
        is_sample = {{ is_sample() | lower }}
        -- a replay of a past moment knows nothing that was reported after it
        and reported_at <= {{ as_of() }}

),

review as (

    select * from {{ ref('fct_monthly_review') }}

),

final as (

    select
        {%- for figure in figures %}
        reported.{{ figure }} as {{ figure }}_reported,
        coalesce(review.{{ figure }}, 0) as {{ figure }}_restated,
        coalesce(review.{{ figure }}, 0) - reported.{{ figure }}
            as {{ figure }}_difference,
        {%- endfor %}
        reported.month,
        reported.reported_at
    from reported
    left join review
        on reported.month = review.month

)

select * from final
