{{ config(post_hook="{{ values_are_few('definition_id') }}") }}

-- One row of int_product_lines holds everything a line needs; what does not differ by
-- line is read from here, so that activities are classified once and not once per line.
with product_lines as (

    select * from {{ ref('int_product_lines') }}

),

final as (

    select distinct
        definition_id,
        decay_method,
        half_life_days,
        inactivity_days,
        inactivity_period_days,
        inactivity_points,
        machine_response_seconds,
        topic_depth_downloads,
        topic_depth_days,
        topic_depth_points,
        official_from,
        official_until
    from product_lines

)

select * from final
