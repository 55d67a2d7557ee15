{#- A mart's schema is its folder's name, without a prefix: it is public interface. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
