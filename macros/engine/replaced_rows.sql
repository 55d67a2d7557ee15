{#-
    Whether some rows of a table can take the place of others in one transaction, which
    incremental builds need. On Spark with plain Parquet they cannot: builds are full.
-#}
{% macro replaces_rows() -%}
    {{ return(adapter.dispatch('replaces_rows', 'mql')()) }}
{%- endmacro %}

{% macro default__replaces_rows() -%}
    {{ return(true) }}
{%- endmacro %}

{% macro spark__replaces_rows() -%}
    {{ return(false) }}
{%- endmacro %}
