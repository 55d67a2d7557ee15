{#- Seeds name their types as most engines do; Spark has another word for a double. -#}
{% macro spark__create_csv_table(model, agate_table) %}
    {%- set types = model['config'].get('column_types', {}) -%}
    {%- for column, type in types.items() if type == 'double precision' -%}
        {%- do types.update({column: type_double()}) -%}
    {%- endfor -%}
    {{ return(dbt.spark__create_csv_table(model, agate_table)) }}
{% endmacro %}
