{#- A raw cell as text, with blank cells null; everything else is kept as written. -#}
{% macro raw_text(column) -%}
    {{ return(adapter.dispatch('raw_text', 'mql')(column)) }}
{%- endmacro %}

{% macro default__raw_text(column) -%}
    case when {{ trimmed('cast(' ~ column ~ ' as ' ~ dbt.type_string() ~ ')') }} <> ''
        then cast({{ column }} as {{ dbt.type_string() }}) end
{%- endmacro %}

{#- What begins with a byte above white space is not blank, and almost all cells do: one
    comparison where trimming would take four times as long as reading the file. -#}
{% macro duckdb__raw_text(column) -%}
    case
        when cast({{ column }} as varchar) >= '!' then cast({{ column }} as varchar)
        else {{ default__raw_text(column) }}
    end
{%- endmacro %}

{#- Text without white space at its ends. -#}
{% macro trimmed(text) -%}
    {{ return(adapter.dispatch('trimmed', 'mql')(text)) }}
{%- endmacro %}

{% macro default__trimmed(text) -%}
    btrim({{ text }}, chr(32) || chr(9) || chr(10) || chr(13))
{%- endmacro %}

{% macro duckdb__trimmed(text) -%}
    trim({{ text }}, chr(32) || chr(9) || chr(10) || chr(13))
{%- endmacro %}

{#- How raw text meets a vocabulary: without case and without blanks at its ends. -#}
{% macro match_key(text) -%}
    lower({{ trimmed(text) }})
{%- endmacro %}

{#-
    A job title as words (F2): lower case, every run of other characters one blank,
    blanks at both ends, so that '% cto %' never matches "director" or "doctor".
-#}
{% macro title_words(title) -%}
    {{ return(adapter.dispatch('title_words', 'mql')(title)) }}
{%- endmacro %}

{% macro duckdb__title_words(title) -%}
    ' ' || trim(regexp_replace(lower({{ title }}), '[^\p{L}\p{N}]+', ' ', 'g')) || ' '
{%- endmacro %}

{#- Letters and digits of every script, as the database's LC_CTYPE knows them. -#}
{% macro postgres__title_words(title) -%}
    ' ' || btrim(regexp_replace(lower({{ title }}), '[^[:alnum:]]+', ' ', 'g')) || ' '
{%- endmacro %}

{% macro spark__title_words(title) -%}
    ' ' || trim(regexp_replace(lower({{ title }}), '[^\\p{L}\\p{N}]+', ' ')) || ' '
{%- endmacro %}

{#- Whether text is like a pattern of % and _; a backslash is itself. -#}
{% macro is_like(text, pattern) -%}
    {{ return(adapter.dispatch('is_like', 'mql')(text, pattern)) }}
{%- endmacro %}

{% macro duckdb__is_like(text, pattern) -%}
    {{ text }} like {{ pattern }}
{%- endmacro %}

{% macro postgres__is_like(text, pattern) -%}
    {{ text }} like {{ pattern }} escape ''
{%- endmacro %}

{#- Some character must be the escape: one that no text holds. -#}
{% macro spark__is_like(text, pattern) -%}
    {{ text }} like {{ pattern }} escape '\u0001'
{%- endmacro %}

{#- Text as a sort key that compares byte by byte, whatever the engine's collation. -#}
{% macro byte_order(text) -%}
    {{ return(adapter.dispatch('byte_order', 'mql')(text)) }}
{%- endmacro %}

{% macro default__byte_order(text) -%}
    {{ text }}
{%- endmacro %}

{% macro postgres__byte_order(text) -%}
    {{ text }} collate "C"
{%- endmacro %}

{#- A number as text for people: engines disagree on whether 46 is '46' or '46.0'. -#}
{% macro number_text(number) -%}
    regexp_replace(cast({{ number }} as {{ dbt.type_string() }}), '[.]0$', '')
{%- endmacro %}

{#- The texts of a group as one, in the byte order of another column. -#}
{% macro joined_text(text, separator, order_by) -%}
    {{ return(adapter.dispatch('joined_text', 'mql')(text, separator, order_by)) }}
{%- endmacro %}

{% macro default__joined_text(text, separator, order_by) -%}
    {{ dbt.listagg(text, "'" ~ separator ~ "'", 'order by ' ~ byte_order(order_by)) }}
{%- endmacro %}

{#- dbt's own gives them in any order here. -#}
{% macro spark__joined_text(text, separator, order_by) -%}
    array_join(
        transform(
            sort_array(collect_list(struct({{ order_by }} as place, {{ text }} as item))),
            pair -> pair.item
        ),
        '{{ separator }}'
    )
{%- endmacro %}
