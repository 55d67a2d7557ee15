with line_rules as (

    {{ rules_by_line('fit_points', 'criterion') }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

final as (

    select
        product_lines.definition_id,
        product_lines.product_line
        {%- for criterion in [
            'target_specialty',
            'target_facility',
            'decision_maker',
            'target_geography',
            'trainee',
            'disqualified_facility',
            'current_customer',
        ] %},
        sum(
            case
                when line_rules.criterion = '{{ criterion }}' then line_rules.points
                else 0
            end
        ) as {{ criterion }}_points
        {%- endfor %}
    from product_lines
    left join line_rules
        on
            product_lines.definition_id = line_rules.definition_id
            and product_lines.product_line = line_rules.for_product_line
    group by product_lines.definition_id, product_lines.product_line

)

select * from final
