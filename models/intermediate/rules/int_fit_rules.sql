with line_rules as (

    {{ rules_by_line('fit_points', 'criterion') }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

final as (

    select
        product_lines.definition_id,
        product_lines.product_line,
        {{ points_of('target_specialty') }} as target_specialty_points,
        {{ points_of('target_facility') }} as target_facility_points,
        {{ points_of('decision_maker') }} as decision_maker_points,
        {{ points_of('target_geography') }} as target_geography_points,
        {{ points_of('trainee') }} as trainee_points,
        {{ points_of('disqualified_facility') }} as disqualified_facility_points,
        {{ points_of('current_customer') }} as current_customer_points
    from product_lines
    left join line_rules
        on
            product_lines.definition_id = line_rules.definition_id
            and product_lines.product_line = line_rules.for_product_line
    group by product_lines.definition_id, product_lines.product_line

)

select * from final
