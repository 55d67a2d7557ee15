{{ config(materialized='view_by_contact') }}

-- Everything but scores and fit that holds for a while, per contact and line. All but
-- the direct-request window stand in the way of an MQL.
with direct_requests as (

    select
        activities.definition_id,
        activities.contact_id,
        activities.product_line,
        activities.occurred_at as valid_from,
        {{ add_days('activities.occurred_at', 'product_lines.direct_request_days') }}
            as valid_to
    from {{ ref('int_line_activities') }} as activities
    inner join {{ ref('int_product_lines') }} as product_lines
        on
            activities.definition_id = product_lines.definition_id
            and activities.product_line = product_lines.product_line
    where activities.is_direct_request and product_lines.direct_request_days > 0

),

periods as (

    {%- for kind, relation in [
        ('direct_request', 'direct_requests'),
        ('suppressed', ref('int_suppressions')),
        ('held', ref('int_holds')),
        ('opportunity', ref('int_opportunity_blocks')),
        ('stale', ref('int_stale_periods')),
        ('silent', ref('int_silent_periods')),
    ] %}
    {%- if not loop.first %}

    union all
    {% endif %}
    select
        definition_id,
        contact_id,
        product_line,
        '{{ kind }}' as kind,
        valid_from,
        valid_to
    from {{ relation }}
    {%- endfor %}

),

final as (

    select
        definition_id,
        contact_id,
        product_line,
        kind,
        valid_from,
        valid_to
    from periods

)

select * from final
