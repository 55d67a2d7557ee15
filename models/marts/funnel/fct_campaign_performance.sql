-- Which campaigns bring people to sales: hand-overs by the campaign and channel that came
-- first, and by those that came last, before the MQL.
with outcomes as (

    select * from {{ ref('fct_handoff_outcomes') }}

),

touched as (

    select
        'first' as touch,
        coalesce(first_campaign, 'none') as campaign,
        coalesce(first_channel, 'none') as channel,
        outcomes.*
    from outcomes

    union all

    select
        'last' as touch,
        coalesce(last_campaign, 'none') as campaign,
        coalesce(last_channel, 'none') as channel,
        outcomes.*
    from outcomes

),

counted as (

    select
        touch,
        campaign,
        channel,
        count(*) as mqls,
        sum(case when is_acceptance_mature then 1 else 0 end) as acceptance_mature_mqls,
        sum(case when is_outcome_mature then 1 else 0 end) as outcome_mature_mqls,
        count(accepted_at) as accepted,
        count(opportunity_at) as opportunities,
        count(won_at) as won,
        count(case when is_acceptance_mature then accepted_at end) as mature_accepted,
        count(case when is_outcome_mature then opportunity_at end)
            as mature_opportunities,
        sum(open_amount_usd) as pipeline_usd,
        sum(won_amount_usd) as amount_won_usd
    from touched
    group by touch, campaign, channel

),

final as (

    select
        touch,
        campaign,
        channel,
        cast(mqls as integer) as mqls,
        cast(accepted as integer) as accepted,
        cast(opportunities as integer) as opportunities,
        cast(won as integer) as won,
        pipeline_usd,
        amount_won_usd,
        {{ rate_with_bounds(
            'acceptance_rate', 'mature_accepted', 'acceptance_mature_mqls'
        ) }},
        {{ rate_with_bounds(
            'opportunity_rate', 'mature_opportunities', 'outcome_mature_mqls'
        ) }},
        mqls >= {{ var('enough_mqls') }} as is_enough_data
    from counted

)

select * from final
