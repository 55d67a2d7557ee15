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
    {#- a column that is a time already is not written out and read again; the engine
        knows a column's type before it reads a row, and keeps one branch -#}
    case when typeof({{ column }}) like 'TIMESTAMP%' or typeof({{ column }}) = 'DATE'
        then try_cast({{ column }} as timestamp)
    when {{ text }} not like '0000%' and regexp_full_match(
        {{ text }},
        '\d{4}-\d{2}-\d{2}([ T]([01]\d|2[0-3]):\d{2}(:\d{2}(\.\d+)?)?( ?{{ offset }})?)?'
    ) then try_cast(try_cast(
        regexp_replace({{ plain_offset }}, ' ([+-]\d{2}(:?\d{2})?)$', '\1')
        as timestamptz
    ) as timestamp) end
{%- endmacro %}

{#-
    No cast of PostgreSQL 15 forgives, so nothing reaches one that is not known to be a
    real day and clock. Digits beyond the microsecond are cut, not rounded; an offset
    is taken off by hand, whatever its size.
-#}
{% macro postgres__safe_timestamp(column) -%}
    {%- set text -%} btrim(cast({{ column }} as text)) {%- endset -%}
    {%- set first_of_month -%} cast(left({{ text }}, 7) || '-01' as date) {%- endset -%}
    {#- '+05:30', '+0530' and '+05' as the number 530; null where there is none -#}
    {%- set offset -%}
        cast(rpad(
            replace(substring(substr({{ text }}, 12) from '[+-].*$'), ':', ''), 5, '0'
        ) as integer)
    {%- endset -%}
    case
        when {{ text }} like '0000%' or {{ text }} !~ (
            '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])'
            || '([ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?'
            || '( ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?))?)?$'
        ) then null
        when cast(substr({{ text }}, 9, 2) as integer)
            > extract(day from {{ first_of_month }} + interval '1 month - 1 day')
            then null
        else
            cast(
                substring({{ text }} from '^[0-9 T:-]{10,16}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?')
                as timestamp
            )
            - coalesce(
                make_interval(mins => {{ offset }} / 100 * 60 + {{ offset }} % 100),
                interval '0'
            )
    end
{%- endmacro %}

{#- As PostgreSQL's: the engine alone would take '2024' or '2024-1-5' for a day. -#}
{% macro spark__safe_timestamp(column) -%}
    {%- set text -%} trim(cast({{ column }} as string)) {%- endset -%}
    {%- set offset -%}
        cast(rpad(
            replace(regexp_extract(substr({{ text }}, 12), '[+-].*$', 0), ':', ''), 5, '0'
        ) as int)
    {%- endset -%}
    case
        when {{ text }} not like '0000%' and {{ text }} rlike concat(
            '^[0-9]{4}-[0-9]{2}-[0-9]{2}',
            '([ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?',
            '( ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?))?)?\\z'
        ) then
            try_cast(
                regexp_extract(
                    {{ text }}, '^[0-9 T:-]{10,16}(:[0-9]{2}([.][0-9]{1,6})?)?', 0
                ) as timestamp
            )
            - make_dt_interval(0, 0, {{ offset }} div 100 * 60 + {{ offset }} % 100, 0)
    end
{%- endmacro %}

{#-
    A raw number: digits with a sign, a point and an exponent where need be. One that a
    double cannot hold is none, nor are not-a-number and the infinities.
-#}
{% macro safe_number(column) -%}
    {{ return(adapter.dispatch('safe_number', 'mql')(column)) }}
{%- endmacro %}

{% macro duckdb__safe_number(column) -%}
    {#- the engine alone would take '1_000' for a thousand -#}
    case when
        isfinite(try_cast({{ column }} as double))
        and not contains(cast({{ column }} as varchar), '_')
        then try_cast({{ column }} as double)
    end
{%- endmacro %}

{#- By way of numeric, whose range is wider: a double out of range is an error here. -#}
{% macro postgres__safe_number(column) -%}
    {%- set text -%} {{ trimmed('cast(' ~ column ~ ' as text)') }} {%- endset -%}
    case
        when length({{ text }}) > 400 or {{ text }}
            !~ '^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?0*[0-9]{1,4})?$'
            then null
        when abs(cast({{ text }} as numeric)) > 1.7976931348623157e308 then null
        when abs(cast({{ text }} as numeric)) < 1e-307 then 0
        else cast(cast({{ text }} as numeric) as double precision)
    end
{%- endmacro %}

{#- The engine alone would take '210d' and 'inf' for numbers. -#}
{% macro spark__safe_number(column) -%}
    {%- set text -%} {{ trimmed('cast(' ~ column ~ ' as string)') }} {%- endset -%}
    case
        when {{ text }} rlike '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?\\z'
            and abs(try_cast({{ text }} as double)) <= 1.7976931348623157e308
            then try_cast({{ text }} as double)
    end
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
    {{ return(adapter.dispatch('safe_boolean', 'mql')(column)) }}
{%- endmacro %}

{% macro duckdb__safe_boolean(column) -%}
    case
        when typeof({{ column }}) = 'BOOLEAN'
            then coalesce(try_cast({{ column }} as boolean), false)
        else {{ default__safe_boolean(column) }}
    end
{%- endmacro %}

{% macro default__safe_boolean(column) -%}
    coalesce({{ match_key('cast(' ~ column ~ ' as ' ~ dbt.type_string() ~ ')') }}
        in ('true', 't', '1', 'yes', 'y'), false)
{%- endmacro %}

{#- The name of an 8 byte floating point number. -#}
{% macro type_double() -%}
    {{ return(adapter.dispatch('type_double', 'mql')()) }}
{%- endmacro %}

{% macro default__type_double() -%}
    double precision
{%- endmacro %}

{% macro spark__type_double() -%}
    double
{%- endmacro %}
