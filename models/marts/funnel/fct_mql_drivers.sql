-- Which characteristics predict conversion: each attribute's values side by side, among
-- hand-overs old enough to tell.
{%- set attributes = [
    'trigger_type', 'handoff_type', 'priority', 'specialty', 'role', 'role_class',
    'facility_type', 'state', 'fit_band', 'first_campaign', 'last_campaign',
    'first_channel', 'last_channel', 'had_webinar', 'had_content_download', 'had_event',
    'had_direct_request',
] %}

with outcomes as (

    select * from {{ ref('fct_handoff_outcomes') }}
    where is_outcome_mature

),

unpivoted as (

    {%- for attribute in attributes %}
    select
        '{{ attribute }}' as attribute,
        {% if attribute.startswith('had_') -%}
        case when {{ attribute }} then 'yes' else 'no' end as value,
        {%- else -%}
        coalesce({{ attribute }}, 'none') as value,
        {%- endif %}
        outcomes.*
    from outcomes
    {% if not loop.last %}
    union all
    {% endif -%}
    {%- endfor %}

),

counted as (

    select
        attribute,
        value,
        product_line,
        count(*) as mqls,
        count(accepted_at) as accepted,
        count(opportunity_at) as opportunities,
        count(won_at) as won,
        {{ median('days_to_opportunity') }} as median_days_to_opportunity,
        avg(case when won_at is not null then won_amount_usd end)
            as average_deal_usd
    from unpivoted
    group by attribute, value, product_line

),

lines as (

    select
        product_line,
        count(*) as mqls,
        count(opportunity_at) as opportunities
    from outcomes
    group by product_line

),

final as (

    select
        counted.attribute,
        counted.value,
        counted.product_line,
        cast(counted.mqls as integer) as mqls,
        cast(counted.accepted as integer) as accepted,
        cast(counted.opportunities as integer) as opportunities,
        cast(counted.won as integer) as won,
        {{ rate_with_bounds('acceptance_rate', 'counted.accepted', 'counted.mqls') }},
        {{ rate_with_bounds(
            'opportunity_rate', 'counted.opportunities', 'counted.mqls'
        ) }},
        {{ rate_with_bounds('win_rate', 'counted.won', 'counted.mqls') }},
        case
            when lines.opportunities > 0
                then {{ round_score(
                    'cast(counted.opportunities as double precision) / counted.mqls'
                    ~ ' / (cast(lines.opportunities as double precision) / lines.mqls)'
                ) }}
        end as lift,
        {{ round_score('counted.median_days_to_opportunity') }}
            as median_days_to_opportunity,
        {{ round_score('counted.average_deal_usd') }} as average_deal_usd,
        counted.mqls >= {{ var('enough_mqls') }} as is_enough_data
    from counted
    inner join lines
        on counted.product_line = lines.product_line

)

select * from final
