{#-
    How the planner is helped, where an engine does not find out by itself. A macro
    before and one after each table is built (hooks in dbt_project.yml).
-#}

{#- What is in the table that was just built; the next model's joins are planned by it. -#}
{% macro gather_statistics() -%}
    {%- if not model.config.materialized.startswith('view') -%}
        {{ return(adapter.dispatch('gather_statistics', 'mql')()) }}
    {%- endif -%}
{%- endmacro %}

{% macro default__gather_statistics() -%}{%- endmacro %}

{% macro postgres__gather_statistics() -%}
    analyze {{ this }}
{%- endmacro %}

{#-
    After a table of which many rows of others share each of few: a column in which every
    row has a value of its own. PostgreSQL takes it for one with as many values as there
    are rows in whatever the table was joined with, so that of each activity under each
    definition it expects a single one per definition; it is told that they are few.
-#}
{% macro values_are_few(column) -%}
    {{ return(adapter.dispatch('values_are_few', 'mql')(column)) }}
{%- endmacro %}

{% macro default__values_are_few(column) -%}{%- endmacro %}

{% macro postgres__values_are_few(column) -%}
    alter table {{ this }} alter column {{ column }} set (n_distinct = 2);
    analyze {{ this }}
{%- endmacro %}

{#-
    Models read whole tables. PostgreSQL takes definition, contact and line for
    independent of each other, expects a handful of rows from a join on the three, and
    then compares every row with every other: minutes for what a hash join does in one
    second. Where nothing else is possible it compares all the same.
-#}
{% macro plan_for_whole_tables() -%}
    {%- if model.config.materialized != 'view' -%}
        {{ return(adapter.dispatch('plan_for_whole_tables', 'mql')()) }}
    {%- endif -%}
{%- endmacro %}

{% macro default__plan_for_whole_tables() -%}{%- endmacro %}

{% macro postgres__plan_for_whole_tables() -%}
    set local enable_nestloop = off; set local jit = off
{%- endmacro %}

{#-
    How a mart is kept that only projects stored state onto the moment of the run: a
    view, which costs nothing until it is read. PostgreSQL knows nothing of what a CTE
    holds, and a view of several takes it minutes each time somebody reads it: a table.
    `of` says whose rows they are (macros/operations/touched_rows.sql).
-#}
{% macro projection(of=none) -%}
    {{ return(
        adapter.dispatch('projection', 'mql')() ~ ('_by_' ~ of if of else '')
    ) }}
{%- endmacro %}

{% macro default__projection() -%}
    {{ return('view') }}
{%- endmacro %}

{% macro postgres__projection() -%}
    {{ return('table') }}
{%- endmacro %}

{#- Whether rows can be deleted from a table; where not, every build is a full one. -#}
{% macro rows_can_be_deleted() -%}
    {{ return(adapter.dispatch('rows_can_be_deleted', 'mql')()) }}
{%- endmacro %}

{% macro default__rows_can_be_deleted() -%}
    {{ return(true) }}
{%- endmacro %}

{#- Parquet files are written once. -#}
{% macro spark__rows_can_be_deleted() -%}
    {{ return(false) }}
{%- endmacro %}

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
