-- depends_on: {{ ref('int_definition_problems') }}
with line_rules as (

    {{ rules_by_line('role_classes', 'role') }}

),

final as (

    select
        definition_id,
        for_product_line as product_line,
        role,
        role_class
    from line_rules

)

select * from final
