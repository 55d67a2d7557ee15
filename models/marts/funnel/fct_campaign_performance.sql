-- Which campaigns bring people to sales: hand-overs by the campaign and channel that
-- came first, and by those that came last, before the MQL. An account has neither.
with outcomes as (

    select * from {{ ref('fct_handoff_outcomes') }}
    where handoff_type = 'contact'

),

touched as (

    {%- for touch in ['first', 'last'] %}
    select
        '{{ touch }}' as touch,
        coalesce({{ touch }}_campaign, 'none') as campaign,
        coalesce({{ touch }}_channel, 'none') as channel,
        outcomes.*
    from outcomes
    {% if not loop.last %}
    union all
    {% endif -%}
    {%- endfor %}

),

counted as (

    select
        touch,
        campaign,
        channel,
        {{ stage_counts() }},
        count(distinct contact_id) as people,
        sum(case when is_acceptance_mature then 1 else 0 end) as acceptance_mature_mqls,
        sum(case when is_outcome_mature then 1 else 0 end) as outcome_mature_mqls,
        count(case when is_acceptance_mature then accepted_at end) as mature_accepted,
        count(case when is_outcome_mature then opportunity_at end)
            as mature_opportunities,
        count(case when is_outcome_mature then won_at end) as mature_won
    from touched
    group by touch, campaign, channel

),

final as (

    select
        touch,
        campaign,
        channel,
        cast(mqls as integer) as mqls,
        cast(people as integer) as people,
        cast(accepted as integer) as accepted,
        cast(opportunities as integer) as opportunities,
        cast(won as integer) as won,
        cast(acceptance_mature_mqls as integer) as acceptance_mature_mqls,
        cast(outcome_mature_mqls as integer) as outcome_mature_mqls,
        pipeline_usd,
        amount_won_usd,
        {{ rate_with_bounds(
            'acceptance_rate', 'mature_accepted', 'acceptance_mature_mqls'
        ) }},
        {{ rate_with_bounds(
            'opportunity_rate', 'mature_opportunities', 'outcome_mature_mqls'
        ) }},
        {{ rate_with_bounds('won_rate', 'mature_won', 'outcome_mature_mqls') }},
        least(acceptance_mature_mqls, outcome_mature_mqls) >= {{ var('enough_mqls') }}
            as is_enough_data
    from counted

)

select * from final
