{#- Seeds name their types as most engines do; Spark has another word for a double. -#}
{% macro spark__create_csv_table(model, agate_table) %}
    {%- set types = model['config'].get('column_types', {}) -%}
    {%- for column, type in types.items() if type == 'double precision' -%}
        {%- do types.update({column: type_double()}) -%}
    {%- endfor -%}
    {{ return(dbt.spark__create_csv_table(model, agate_table)) }}
{% endmacro %}

{#- PostgreSQL drops the views on a table along with it, those of an incremental build
    among them. So a seed table is emptied, unless its columns are others now. -#}
{% macro postgres__reset_csv_table(model, full_refresh, old_relation, agate_table) %}
    {%- set columns = adapter.get_columns_in_relation(old_relation)
        | map(attribute='name') | list -%}
    {{ return(dbt.default__reset_csv_table(
        model,
        flags.FULL_REFRESH or columns != agate_table.column_names | list,
        old_relation,
        agate_table
    )) }}
{% endmacro %}
