{#-
    Written between `as` and the bracket of a CTE that is read more than once: it is
    worked out again for each reader, so that only the columns and rows the reader wants
    are touched. DuckDB would otherwise keep a copy of all of them in memory.
-#}
{% macro inlined() -%}
    {{ return(adapter.dispatch('inlined', 'mql')()) }}
{%- endmacro %}

{% macro default__inlined() -%}
{%- endmacro %}

{% macro duckdb__inlined() -%}
    not materialized
{%- endmacro %}

{% macro postgres__inlined() -%}
    not materialized
{%- endmacro %}
