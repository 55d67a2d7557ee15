-- depends_on: {{ ref('int_definition_problems') }}
with line_rules as (

    {{ rules_by_line('facility_classes', 'facility_type') }}

),

final as (

    select
        definition_id,
        for_product_line as product_line,
        facility_type,
        facility_class
    from line_rules

)

select * from final
