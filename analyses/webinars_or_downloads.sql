-- "Do MQLs from webinar attendance convert at a higher rate than those from content
-- downloads?" Hand-overs old enough to tell, by which of the two came in the days
-- before the MQL; those with both or neither are left out. Sure where the bounds do
-- not overlap.
with outcomes as (

    select
        case when had_webinar then 'webinar' else 'download' end as came_from,
        count(*) as mqls,
        count(opportunity_at) as opportunities
    from {{ ref('fct_handoff_outcomes') }}
    where
        is_outcome_mature
        and handoff_type = 'contact'
        and had_webinar <> had_content_download
    group by case when had_webinar then 'webinar' else 'download' end

),

rated as (

    select
        came_from,
        mqls,
        opportunities,
        {{ rate_with_bounds('opportunity_rate', 'opportunities', 'mqls') }}
    from outcomes

),

final as (

    select
        *,
        case
            when min(mqls) over () < {{ var('enough_mqls') }}
                then 'too little data to tell'
            when max(opportunity_rate_low) over () > min(opportunity_rate_high) over ()
                then 'a difference, at 95%'
            else 'no difference that could not be chance'
        end as how_sure
    from rated

)

select * from final
order by came_from
