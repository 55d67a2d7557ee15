-- Which characteristics predict conversion: each attribute's values side by side, among
-- hand-overs old enough to tell. Every attribute is one that was known at `mql_at`: the
-- priority is not among them, since a later request may raise it.
{%- set common_attributes = [
    'handoff_type', 'trigger_type', 'facility_type', 'state',
] %}
{%- set personal_attributes = [
    'specialty', 'role', 'role_class', 'fit_band', 'first_campaign', 'last_campaign',
    'first_channel', 'last_channel',
] %}
{%- set touches = [
    'had_webinar', 'had_content_download', 'had_event', 'had_direct_request',
] %}

with outcomes as (

    select * from {{ ref('fct_handoff_outcomes') }}
    where is_outcome_mature

),

described as (

    {%- for attribute in common_attributes + personal_attributes + touches %}
    select
        '{{ attribute }}' as attribute,
        {% if attribute in common_attributes -%}
        coalesce({{ attribute }}, 'none') as value,
        {%- else -%}
        case
            -- apart, or a hospital would count as a person without a specialty
            when handoff_type = 'account' then 'account'
            {% if attribute in touches -%}
            when {{ attribute }} then 'yes'
            else 'no'
            {%- else -%}
            else coalesce({{ attribute }}, 'none')
            {%- endif %}
        end as value,
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
        {{ stage_counts() }},
        {{ median('days_to_opportunity') }} as median_days_to_opportunity
    from described
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
        cast(counted.won_deals as integer) as won_deals,
        {{ rate_with_bounds('acceptance_rate', 'counted.accepted', 'counted.mqls') }},
        {{ rate_with_bounds(
            'opportunity_rate', 'counted.opportunities', 'counted.mqls'
        ) }},
        {{ rate_with_bounds('won_rate', 'counted.won', 'counted.mqls') }},
        {{ lift(
            'counted.opportunities', 'counted.mqls', 'lines.opportunities', 'lines.mqls'
        ) }} as lift,
        {{ round_score('counted.median_days_to_opportunity') }}
            as median_days_to_opportunity,
        {{ average_deal('counted.amount_won_usd', 'counted.won_deals') }}
            as average_deal_usd,
        counted.mqls >= {{ var('enough_mqls') }} as is_enough_data
    from counted
    inner join lines
        on counted.product_line = lines.product_line

)

select * from final
