-- "Do MQLs from specific specialties convert faster?" Days from the MQL to the first
-- opportunity, among hand-overs old enough to tell; the fastest first.
with outcomes as (

    select
        coalesce(specialty, 'none') as specialty,
        opportunity_at,
        days_to_opportunity
    from {{ ref('fct_handoff_outcomes') }}
    where is_outcome_mature and handoff_type = 'contact'

),

measured as (

    select
        specialty,
        count(*) as mqls,
        count(opportunity_at) as opportunities,
        {{ median('days_to_opportunity') }} as median_days
    from outcomes
    group by specialty

),

final as (

    select
        specialty,
        mqls,
        opportunities,
        {{ rate_with_bounds('opportunity_rate', 'opportunities', 'mqls') }},
        round(cast(median_days as decimal(18, 2)), 1) as median_days_to_opportunity,
        case
            when opportunities < {{ var('enough_mqls') }} then 'too little data to tell'
            else 'enough to compare'
        end as how_sure
    from measured

)

select * from final
order by median_days_to_opportunity, specialty
