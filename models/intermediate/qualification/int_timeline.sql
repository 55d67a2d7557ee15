{{ config(materialized='view_by_contact') }}

with change_points as (

    select * from {{ ref('int_change_points') }}

),

running as (

    select
        definition_id,
        contact_id,
        product_line,
        {%- for kind in [
            'known', 'direct_request', 'suppressed', 'held', 'opportunity', 'stale',
            'silent',
        ] %}
        sum({{ kind }}_change) over (
            partition by definition_id, contact_id, product_line
            order by changed_at
            rows between unbounded preceding and current row
        ) as {{ kind }}_count,
        {%- endfor %}
        sum(score_change) over (
            partition by definition_id, contact_id, product_line
            order by changed_at
            rows between unbounded preceding and current row
        ) as score,
        {%- for moment in ['scored_at', 'segment_from'] %}
        max({{ moment }}) over (
            partition by definition_id, contact_id, product_line
            order by changed_at
            rows between unbounded preceding and current row
        ) as {{ moment }},
        {%- endfor %}
        changed_at as valid_from,
        lead(changed_at) over (
            partition by definition_id, contact_id, product_line
            order by changed_at
        ) as valid_to
    from change_points

),

final as (

    select
        definition_id,
        contact_id,
        product_line,
        score as score_when_scored,
        known_count > 0 as is_known,
        direct_request_count > 0 as has_direct_request,
        suppressed_count > 0 as is_suppressed,
        held_count > 0 as is_held,
        opportunity_count > 0 as has_opportunity,
        stale_count > 0 as is_stale,
        silent_count > 0 as is_silent,
        segment_from,
        scored_at,
        valid_from,
        valid_to
    from running

)

select * from final
