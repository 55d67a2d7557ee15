-- The thresholds tried for each line: steps below and above the one in force, which is
-- always among them.
{%- set steps_below = var('sweep_below') // var('sweep_step') %}
{%- set steps_above = var('sweep_above') // var('sweep_step') %}

with product_lines as (

    select * from {{ ref('int_product_lines') }}

),

lines as (

    select
        definition_id,
        product_line,
        min_total_score,
        min_engagement_score,
        case when min_engagement_score is not null then 'engagement' else 'total' end
            as score_kind,
        coalesce(min_engagement_score, min_total_score) as current_threshold,
        {{ steps_below + steps_above + 1 }} as steps
    from product_lines

),

numbered as (

    {{ numbered('lines', 'steps') }}

),

stepped as (

    select
        *,
        cast(number - 1 - {{ steps_below }} as integer) as step
    from numbered

),

final as (

    select
        definition_id,
        product_line,
        score_kind,
        step,
        -- a score the line asks for besides, which stays as it is
        case when score_kind = 'engagement' then min_total_score end
            as other_min_total_score,
        current_threshold + step * {{ var('sweep_step') }} as threshold
    from stepped
    -- no row where only a direct request qualifies: there is nothing to move
    where
        current_threshold is not null
        and (step = 0 or current_threshold + step * {{ var('sweep_step') }} > 0)

)

select * from final
