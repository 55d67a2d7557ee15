{{ config(materialized='view_by_contact', touched_rows_are_published=true) }}
with scores as (

    select * from {{ ref('int_ledger_activities') }}

),

runs as (

    select * from {{ ref('int_ledger_losses') }}

),

entries as (

    select
        definition_id,
        contact_id,
        product_line,
        'activity' as entry_type,
        activity_id,
        activity_type,
        points_due,
        score_after - score_before as points_applied,
        score_before,
        score_after,
        is_machine,
        is_repeat,
        is_over_daily_limit,
        is_engagement,
        occurred_at as entry_at
    from scores

    union all

    select
        definition_id,
        contact_id,
        product_line,
        'inactivity' as entry_type,
        cast(null as {{ dbt.type_string() }}) as activity_id,
        cast(null as {{ dbt.type_string() }}) as activity_type,
        points_due,
        score_after - score_before as points_applied,
        score_before,
        score_after,
        false as is_machine,
        false as is_repeat,
        false as is_over_daily_limit,
        false as is_engagement,
        ended_at as entry_at
    from runs

),

final as (

    select
        definition_id,
        contact_id,
        product_line,
        entry_type,
        activity_id,
        activity_type,
        cast(points_due as {{ type_double() }}) as points_due,
        {{ round_score('points_applied') }} as points_applied,
        {{ round_score('score_before') }} as score_before,
        {{ round_score('score_after') }} as score_after,
        is_machine,
        is_repeat,
        is_over_daily_limit,
        is_engagement,
        entry_at
    from entries

)

select * from final
