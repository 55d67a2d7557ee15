-- depends_on: {{ ref('int_definition_problems') }}
with target_specialties as (

    select * from {{ ref('target_specialties') }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

final as (

    -- sets add up: the rows of the line and those of '*' (V5, fine print)
    select distinct
        product_lines.definition_id,
        product_lines.product_line,
        target_specialties.specialty
    from product_lines
    inner join target_specialties
        on
            product_lines.definition_id = target_specialties.definition_id
            and target_specialties.product_line in ('*', product_lines.product_line)

)

select * from final
