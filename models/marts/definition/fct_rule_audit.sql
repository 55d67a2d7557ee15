{{ config(materialized=projection()) }}

-- What each rule does: its points, how often it fires, whether those it fires for buy
-- more often, and for how many MQLs it was the last straw.
--
-- Somebody counts as a buyer only where the opportunity came after the rule first
-- fired: customers read a lot once they have bought, and become customers by buying.
with fires as (

    select * from {{ ref('int_rule_fires') }}

),

activity_rules as (

    select * from {{ ref('int_activity_rules') }}

),

fit_rules as (

    select * from {{ ref('int_fit_rules') }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

mqls as (

    select * from {{ ref('fct_mqls') }}

),

classified as (

    select * from {{ ref('int_classified_activities') }}

),

contacts as (

    select * from {{ ref('dim_contacts') }}

),

opportunities as (

    select * from {{ ref('int_line_opportunities') }}

),

last_opportunities as (

    select
        definition_id,
        contact_id,
        product_line,
        max(created_at) as created_at
    from opportunities
    group by definition_id, contact_id, product_line

),

everybody as (

    select
        product_lines.definition_id,
        product_lines.product_line,
        count(*) as contacts,
        count(last_opportunities.contact_id) as buyers
    from product_lines
    cross join contacts
    left join last_opportunities
        on
            product_lines.definition_id = last_opportunities.definition_id
            and contacts.contact_id = last_opportunities.contact_id
            and product_lines.product_line = last_opportunities.product_line
    group by product_lines.definition_id, product_lines.product_line

),

counted as (

    select
        fires.definition_id,
        fires.product_line,
        fires.rule_kind,
        fires.rule,
        sum(fires.fires) as fires,
        count(*) as contacts,
        count(
            case
                when fires.first_fired_at <= last_opportunities.created_at
                    then last_opportunities.contact_id
            end
        ) as buyers
    from fires
    inner join contacts
        on fires.contact_id = contacts.contact_id
    left join last_opportunities
        on
            fires.definition_id = last_opportunities.definition_id
            and fires.contact_id = last_opportunities.contact_id
            and fires.product_line = last_opportunities.product_line
    group by fires.definition_id, fires.product_line, fires.rule_kind, fires.rule

),

pivots as (

    select
        mqls.definition_id,
        mqls.product_line,
        classified.activity_type,
        count(*) as pivotal_mqls
    from mqls
    inner join classified
        on
            mqls.definition_id = classified.definition_id
            and mqls.trigger_activity_id = classified.activity_id
    group by mqls.definition_id, mqls.product_line, classified.activity_type

),

rules as (

    select
        definition_id,
        product_line,
        'activity_type' as rule_kind,
        activity_type as rule,
        points
    from activity_rules
    {% for criterion in fit_criteria() %}
    union all

    select
        definition_id,
        product_line,
        'fit_criterion' as rule_kind,
        '{{ criterion }}' as rule,
        {{ criterion }}_points as points
    from fit_rules
    {% endfor %}
),

final as (

    select
        rules.definition_id,
        rules.product_line,
        rules.rule_kind,
        rules.rule,
        cast(coalesce(counted.fires, 0) as integer) as fires,
        cast(coalesce(counted.contacts, 0) as integer) as contacts,
        cast(coalesce(counted.buyers, 0) as integer) as buyers,
        case
            when rules.rule_kind = 'activity_type'
                then cast(coalesce(pivots.pivotal_mqls, 0) as integer)
        end as pivotal_mqls,
        cast(rules.points as {{ type_double() }}) as points,
        {{ rate_with_bounds(
            'opportunity_share', 'counted.buyers', 'counted.contacts'
        ) }},
        {{ lift(
            'counted.buyers', 'counted.contacts', 'everybody.buyers', 'everybody.contacts'
        ) }} as lift,
        coalesce(counted.contacts >= {{ var('enough_mqls') }}, false) as is_enough_data,
        counted.rule is null as never_fires
    from rules
    left join everybody
        on
            rules.definition_id = everybody.definition_id
            and rules.product_line = everybody.product_line
    left join counted
        on
            rules.definition_id = counted.definition_id
            and rules.product_line = counted.product_line
            and rules.rule_kind = counted.rule_kind
            and rules.rule = counted.rule
    left join pivots
        on
            rules.definition_id = pivots.definition_id
            and rules.product_line = pivots.product_line
            and rules.rule_kind = 'activity_type'
            and rules.rule = pivots.activity_type

)

select * from final
