-- What each rule does: its points, how often it fires, whether those it fires for buy more
-- often, and for how many MQLs it was the last straw.
{%- set criteria = [
    'target_specialty', 'target_facility', 'decision_maker', 'target_geography',
    'current_customer', 'trainee', 'disqualified_facility',
] %}

with activities as (

    select * from {{ ref('int_counted_activities') }}

),

activity_rules as (

    select * from {{ ref('int_activity_rules') }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

fit_rules as (

    select * from {{ ref('int_fit_rules') }}

),

fit_scores as (

    select * from {{ ref('int_fit_scores') }}
    where valid_to is null

),

mqls as (

    select * from {{ ref('fct_mqls') }}

),

classified as (

    select * from {{ ref('int_classified_activities') }}

),

contacts as (

    select
        contacts.contact_id,
        max(case when opportunities.contact_id is not null then 1 else 0 end) as buys
    from {{ ref('dim_contacts') }} as contacts
    left join {{ ref('int_opportunities') }} as opportunities
        on contacts.contact_id = opportunities.contact_id
    group by contacts.contact_id

),

everybody as (

    select
        count(*) as contacts,
        sum(buys) as buyers
    from contacts

),

by_contact as (

    select
        definition_id,
        contact_id,
        activity_type,
        product_line,
        count(*) as fires
    from activities
    where not is_machine and not is_repeat and not is_over_daily_limit
    group by definition_id, contact_id, activity_type, product_line

),

activity_fires as (

    select
        by_contact.definition_id,
        activity_rules.product_line,
        by_contact.activity_type,
        by_contact.contact_id,
        sum(by_contact.fires) as fires
    from by_contact
    inner join activity_rules
        on
            by_contact.definition_id = activity_rules.definition_id
            and by_contact.activity_type = activity_rules.activity_type
            and {{ counts_for_line(
                'by_contact.product_line', 'activity_rules.product_line'
            ) }}
    group by
        by_contact.definition_id,
        activity_rules.product_line,
        by_contact.activity_type,
        by_contact.contact_id

),

fit_fires as (

    {%- for criterion in criteria %}
    select
        definition_id,
        product_line,
        '{{ criterion }}' as criterion,
        contact_id
    from fit_scores
    where {{ criterion }}_points <> 0
    {% if not loop.last %}
    union all
    {% endif -%}
    {%- endfor %}

),

counted as (

    select
        activity_fires.definition_id,
        activity_fires.product_line,
        'activity_type' as rule_kind,
        activity_fires.activity_type as rule,
        sum(activity_fires.fires) as fires,
        count(*) as contacts,
        sum(contacts.buys) as buyers
    from activity_fires
    inner join contacts
        on activity_fires.contact_id = contacts.contact_id
    group by
        activity_fires.definition_id,
        activity_fires.product_line,
        activity_fires.activity_type

    union all

    select
        fit_fires.definition_id,
        fit_fires.product_line,
        'fit_criterion' as rule_kind,
        fit_fires.criterion as rule,
        count(*) as fires,
        count(*) as contacts,
        sum(contacts.buys) as buyers
    from fit_fires
    inner join contacts
        on fit_fires.contact_id = contacts.contact_id
    group by fit_fires.definition_id, fit_fires.product_line, fit_fires.criterion

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

    {% for criterion in criteria %}
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
        cast(coalesce(pivots.pivotal_mqls, 0) as integer) as pivotal_mqls,
        rules.points,
        {{ rate_with_bounds('opportunity_share', 'counted.buyers', 'counted.contacts') }},
        case
            when everybody.buyers > 0 and counted.contacts > 0
                then {{ round_score(
                    'cast(counted.buyers as double precision) / counted.contacts'
                    ~ ' / (cast(everybody.buyers as double precision)'
                    ~ ' / everybody.contacts)'
                ) }}
        end as lift,
        coalesce(counted.contacts >= {{ var('enough_mqls') }}, false) as is_enough_data,
        counted.rule is null as never_fires
    from rules
    cross join everybody
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
