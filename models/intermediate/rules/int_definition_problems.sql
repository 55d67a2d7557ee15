{{ config(post_hook="{{ stop_on_definition_problems() }}") }}

-- Each select finds one kind of hole in a definition. Empty is sound; anything else
-- stops the run here, before a score is built, and says which row of which seed.
with definitions as (

    select * from {{ ref('definitions') }}

),

product_lines as (

    select
        definition_id,
        product_line
    from {{ ref('qualification_criteria') }}

),

problems as (

    {%- for problem in [
        definition_problems__definitions(),
        definition_problems__keys(),
        definition_problems__references(),
        definition_problems__coverage(),
        definition_problems__thresholds(),
    ] %}
    {%- if not loop.first %}

    union all
    {% endif %}
    {{ problem }}
    {%- endfor %}

),

final as (

    select
        definition_id,
        seed,
        problem
    from problems

)

select * from final
