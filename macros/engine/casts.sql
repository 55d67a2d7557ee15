{#-
    Raw cells become values here, safely: what does not parse becomes null, and the
    caller decides whether a null is a hole or a refusal.
-#}

{#-
    A raw time. Text must be ISO (a date, or a date and a clock, with or without an
    offset); the engine alone would also take 'infinity' and drop an offset silently.
-#}
{% macro safe_timestamp(column) -%}
    {{ return(adapter.dispatch('safe_timestamp', 'mql')(column)) }}
{%- endmacro %}

{% macro duckdb__safe_timestamp(column) -%}
    {%- set text -%} trim(cast({{ column }} as varchar)) {%- endset -%}
    {%- set offset = '(Z|UTC|[+-]\\d{2}(?::?\\d{2})?)' -%}
    {#- the engine reads an offset only behind seconds and without a blank before it -#}
    {%- set with_seconds -%}
        regexp_replace({{ text }}, '^(.{10}[ T]\d{2}:\d{2}) ?{{ offset }}$', '\1:00\2')
    {%- endset -%}
    {%- set plain_offset -%}
        regexp_replace({{ with_seconds }}, ' ?(Z|UTC)$', '+00')
    {%- endset -%}
    case when regexp_full_match(
        {{ text }},
        '\d{4}-\d{2}-\d{2}([ T]([01]\d|2[0-3]):\d{2}(:\d{2}(\.\d+)?)?( ?{{ offset }})?)?'
    ) then try_cast(try_cast(
        regexp_replace({{ plain_offset }}, ' ([+-]\d{2}(:?\d{2})?)$', '\1')
        as timestamptz
    ) as timestamp) end
{%- endmacro %}

{#- A raw number; not-a-number and the infinities are no numbers. -#}
{% macro safe_number(column) -%}
    {{ return(adapter.dispatch('safe_number', 'mql')(column)) }}
{%- endmacro %}

{% macro duckdb__safe_number(column) -%}
    case when isfinite(try_cast({{ column }} as double)) then try_cast({{ column }} as double) end
{%- endmacro %}

{#- A raw whole number: '210' and '210.0' are, '210.5' and 'many' are not. -#}
{% macro safe_integer(column) -%}
    case
        when {{ safe_number(column) }} = floor({{ safe_number(column) }})
            and abs({{ safe_number(column) }}) < 2000000000
            then cast({{ safe_number(column) }} as integer)
    end
{%- endmacro %}

{#- A raw flag: true, t, 1, yes and y in any case; anything else is false. -#}
{% macro safe_boolean(column) -%}
    coalesce({{ match_key('cast(' ~ column ~ ' as ' ~ dbt.type_string() ~ ')') }}
        in ('true', 't', '1', 'yes', 'y'), false)
{%- endmacro %}
