{#- A day as a person writes it: 5 Jun 2026. -#}
{% macro spoken_day(moment) -%}
    cast(extract(day from {{ moment }}) as {{ dbt.type_string() }}) || ' '
    || substr(
        'JanFebMarAprMayJunJulAugSepOctNovDec',
        cast(extract(month from {{ moment }}) * 3 - 2 as integer),
        3
    )
    || ' ' || cast(extract(year from {{ moment }}) as {{ dbt.type_string() }})
{%- endmacro %}

{#- The path of a page, without its query: what a person would call the page. -#}
{% macro page_path(url) -%}
    {{ return(adapter.dispatch('page_path', 'mql')(url)) }}
{%- endmacro %}

{% macro default__page_path(url) -%}
    regexp_replace(
        split_part(split_part({{ url }}, '?', 1), '#', 1), '^[a-zA-Z]+://[^/]*', ''
    )
{%- endmacro %}

{#- Points as text, with one decimal, alike on every engine. -#}
{% macro points_text(points) -%}
    cast(cast({{ points }} as decimal(18, 1)) as {{ dbt.type_string() }})
{%- endmacro %}
