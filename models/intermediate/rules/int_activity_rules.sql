with line_rules as (

    {{ rules_by_line('activity_points', 'activity_type') }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

final as (

    -- inner, not left: a type without points would be a hole in the definition, which
    -- int_definition_problems names; a silent zero here would hide it.
    select
        product_lines.definition_id,
        product_lines.product_line,
        line_rules.activity_type,
        line_rules.points,
        coalesce(line_rules.is_direct_request, false) as is_direct_request,
        coalesce(line_rules.is_disqualifying, false) as is_disqualifying,
        coalesce(line_rules.is_opt_in, false) as is_opt_in
    from product_lines
    inner join line_rules
        on
            product_lines.definition_id = line_rules.definition_id
            and product_lines.product_line = line_rules.for_product_line

)

select * from final
