{#-
    The intervals of each group follow one another without overlap or gap; the last one
    is open. `allow_gaps` is for spells, which need not meet and may have ended.
-#}
{% test intervals_meet(
    model, group_by, starts='valid_from', ends='valid_to', allow_gaps=false
) %}

with ordered as (

    select
        {{ group_by | join(', ') }},
        {{ starts }} as starts_at,
        {{ ends }} as ends_at,
        lead({{ starts }}) over (
            partition by {{ group_by | join(', ') }} order by {{ starts }}
        ) as next_starts_at
    from {{ model }}

)

select *
from ordered
where
    ends_at <= starts_at
    {%- if allow_gaps %}
    or (next_starts_at is not null and ends_at is null)
    or next_starts_at < ends_at
    {%- else %}
    or (next_starts_at is null and ends_at is not null)
    or (next_starts_at is not null and ends_at is null)
    or next_starts_at <> ends_at
    {%- endif %}

{% endtest %}
