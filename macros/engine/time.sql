{#-
    Time is UTC, to the microsecond; a day is 24 hours. Durations come from seeds as
    numbers of days that may have decimals, so they are added as microseconds.
-#}

{#- The moment a run may see up to (T1, T2), as a literal. -#}
{% macro as_of() -%}
    cast('{{ as_of_text() }}' as timestamp)
{%- endmacro %}

{% macro as_of_text() -%}
    {%- set given = var('as_of', '') | string | trim -%}
    {%- if not given and not env_var('MQL_RAW_PATH', '') and target.type == 'duckdb' -%}
        {%- set given = var('sample_as_of') -%}
    {%- endif -%}
    {{ return(utc_text(given or run_started_at | string) | trim) }}
{%- endmacro %}

{#- An ISO timestamp as 'YYYY-MM-DD HH:MM:SS.ffffff' in UTC, or one clear error. -#}
{% macro utc_text(iso_text) -%}
    {%- set pattern = '^\\d{4}-\\d{2}-\\d{2}([ T]\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,6})?)?(Z|[+-]\\d{2}:?\\d{2})?)?$' -%}
    {%- if not modules.re.match(pattern, iso_text) or not is_calendar_time(iso_text) -%}
        {{ exceptions.raise_compiler_error(
            "as_of '" ~ iso_text ~ "' is not a time. Write it as ISO, in UTC or with an"
            ~ " offset: --vars '{as_of: \"2026-06-30 00:00:00\"}'."
        ) }}
    {%- endif -%}
    {%- set parsed = modules.datetime.datetime.fromisoformat(iso_text) -%}
    {%- if parsed.utcoffset() is not none -%}
        {%- set parsed = parsed.astimezone(modules.pytz.utc) -%}
    {%- endif -%}
    {{ parsed.strftime('%Y-%m-%d %H:%M:%S.%f') }}
{%- endmacro %}

{#- Whether the numbers of an ISO-shaped text are a real day and hour (no 30 February). -#}
{% macro is_calendar_time(iso_text) -%}
    {%- set numbers = modules.re.findall('\\d+', iso_text) | map('int') | list -%}
    {%- set year, month, day = numbers[0], numbers[1], numbers[2] -%}
    {%- set leap = (year % 4 == 0 and year % 100 != 0) or year % 400 == 0 -%}
    {%- set lengths = [31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] -%}
    {%- set clock = numbers[3:6] if iso_text | length > 10 else [] -%}
    {{ return(
        year >= 1 and 1 <= month <= 12 and 1 <= day <= lengths[month - 1]
        and (clock | length == 0 or (clock[0] < 24 and clock[1] < 60))
        and (clock | length < 3 or clock[2] < 60)
    ) }}
{%- endmacro %}

{#- Microseconds since 1970. -#}
{% macro epoch_us(moment) -%}
    {{ return(adapter.dispatch('epoch_us', 'mql')(moment)) }}
{%- endmacro %}

{% macro duckdb__epoch_us(moment) -%}
    epoch_us({{ moment }})
{%- endmacro %}

{% macro postgres__epoch_us(moment) -%}
    cast(extract(epoch from {{ moment }}) * 1000000 as bigint)
{%- endmacro %}

{% macro spark__epoch_us(moment) -%}
    unix_micros({{ moment }})
{%- endmacro %}

{#- Days since 1970, with decimals, as a double. -#}
{% macro epoch_days(moment) -%}
    (cast({{ epoch_us(moment) }} as {{ type_double() }}) / 86400000000)
{%- endmacro %}

{#- A moment moved by a number of days (decimals allowed), to the microsecond. -#}
{% macro add_days(moment, days) -%}
    {{ return(add_microseconds(moment, 'round((' ~ days ~ ') * 86400000000.0)')) }}
{%- endmacro %}

{% macro add_microseconds(moment, microseconds) -%}
    {{ return(adapter.dispatch('add_microseconds', 'mql')(moment, microseconds)) }}
{%- endmacro %}

{% macro duckdb__add_microseconds(moment, microseconds) -%}
    ({{ moment }} + to_microseconds(cast({{ microseconds }} as bigint)))
{%- endmacro %}

{% macro postgres__add_microseconds(moment, microseconds) -%}
    ({{ moment }} + ({{ microseconds }}) * interval '1 microsecond')
{%- endmacro %}

{% macro spark__add_microseconds(moment, microseconds) -%}
    timestamp_micros(unix_micros({{ moment }}) + cast({{ microseconds }} as bigint))
{%- endmacro %}

{#- Days between two moments, as a double. -#}
{% macro days_between(earlier, later) -%}
    (
        cast({{ epoch_us(later) }} - {{ epoch_us(earlier) }} as {{ type_double() }})
        / 86400000000
    )
{%- endmacro %}
