{{ config(materialized='view') }}

-- Who each rule fired for, how often, and since when: activities that counted, and fit
-- criteria that held.
{%- set criteria = fit_criteria() %}

with activities as (

    select
        definition_id,
        contact_id,
        activity_type,
        product_line,
        occurred_at
    from {{ ref('int_timed_activities') }}
    where not is_machine and not is_repeat and not is_over_daily_limit

    union all

    -- what has no effect is audited, too: it may deserve one
    select
        classified.definition_id,
        classified.contact_id,
        classified.activity_type,
        classified.product_line,
        classified.occurred_at
    from {{ ref('int_classified_activities') }} as classified
    inner join {{ ref('int_activity_type_rules') }} as type_rules
        on
            classified.definition_id = type_rules.definition_id
            and classified.activity_type = type_rules.activity_type
    where not classified.is_machine and not type_rules.has_effect

),

activity_rules as (

    select * from {{ ref('int_activity_rules') }}

),

fit_scores as (

    select * from {{ ref('int_fit_scores') }}

),

-- once per contact and tag, so that lines multiply these and not every activity
by_tag as (

    select
        definition_id,
        contact_id,
        activity_type,
        product_line,
        count(*) as fires,
        min(occurred_at) as first_fired_at
    from activities
    group by definition_id, contact_id, activity_type, product_line

),

activity_fires as (

    select
        by_tag.definition_id,
        by_tag.contact_id,
        activity_rules.product_line,
        by_tag.activity_type,
        sum(by_tag.fires) as fires,
        min(by_tag.first_fired_at) as first_fired_at
    from by_tag
    inner join activity_rules
        on
            by_tag.definition_id = activity_rules.definition_id
            and by_tag.activity_type = activity_rules.activity_type
            and {{ counts_for_line(
                'by_tag.product_line', 'activity_rules.product_line'
            ) }}
    group by
        by_tag.definition_id,
        by_tag.contact_id,
        activity_rules.product_line,
        by_tag.activity_type

),

final as (

    select
        definition_id,
        contact_id,
        product_line,
        'activity_type' as rule_kind,
        activity_type as rule,
        cast(fires as integer) as fires,
        first_fired_at
    from activity_fires
    {% for criterion in criteria %}
    union all

    select
        definition_id,
        contact_id,
        product_line,
        'fit_criterion' as rule_kind,
        '{{ criterion }}' as rule,
        1 as fires,
        min(valid_from) as first_fired_at
    from fit_scores
    where {{ criterion }}_points <> 0
    group by definition_id, contact_id, product_line
    {% endfor %}
)

select * from final
