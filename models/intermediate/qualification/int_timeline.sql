{{ config(materialized='view_by_contact') }}

-- Of all that changes at an instant the last row has the sum, and it alone is kept, so
-- that no instant has to be added up before. In the order of amounts, so that sums are
-- the same to the last digit in every run.
{%- set window = (
    'partition by definition_id, contact_id, product_line order by changed_at, amount'
) %}
{%- set so_far = window ~ ' rows between unbounded preceding and current row' %}
with change_points as (

    select * from {{ ref('int_change_points') }}

),

running as (

    select
        definition_id,
        contact_id,
        product_line,
        is_known,
        {%- for kind in [
            'direct_request', 'suppressed', 'held', 'opportunity', 'stale', 'silent',
        ] %}
        sum(case when kind = '{{ kind }}' then amount else 0.0 end) over (
            {{ so_far }}
        ) as {{ kind }}_count,
        {%- endfor %}
        sum(case when kind = 'score' then amount else 0.0 end) over (
            {{ so_far }}
        ) as score,
        max(case when kind = 'score' then changed_at end) over (
            {{ so_far }}
        ) as scored_at,
        changed_at as valid_from,
        lead(changed_at) over ({{ window }}) as valid_to
    from change_points

),

final as (

    select
        definition_id,
        contact_id,
        product_line,
        score as score_when_scored,
        is_known,
        direct_request_count > 0 as has_direct_request,
        suppressed_count > 0 as is_suppressed,
        held_count > 0 as is_held,
        opportunity_count > 0 as has_opportunity,
        stale_count > 0 as is_stale,
        silent_count > 0 as is_silent,
        scored_at,
        valid_from,
        valid_to
    from running
    where valid_to is null or valid_from < valid_to

)

select * from final
