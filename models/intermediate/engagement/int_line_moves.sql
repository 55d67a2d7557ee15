{{ config(materialized='view_by_contact') }}

with line_activities as (

    {{ line_activities(ref('int_timed_activities')) | indent(4) }}

),

final as (

    select
        definition_id,
        contact_id,
        product_line,
        activity_id,
        activity_type,
        half_life_days,
        inactivity_points,
        points_due,
        steps_due,
        era_number,
        block,
        occurred_at
    from line_activities
    where points_due <> 0

)

select * from final
