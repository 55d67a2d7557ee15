{#- on-run-start. A table that was being written when its engine died may have left files
    without a table, to which the engine will not write again. Where every build is a full
    one they go together with all that is made anew. -#}
{% macro forget_half_written() -%}
    {%- if is_rerun() and this_build().selects_every_model -%}
        {{ return(adapter.dispatch('forget_half_written', 'mql')()) }}
    {%- endif -%}
{%- endmacro %}

{% macro default__forget_half_written() -%}{%- endmacro %}

{#- A database of Spark's is a folder. That of records of what was once said stays. -#}
{% macro spark__forget_half_written() -%}
    {%- set found, kept = [], [] -%}
    {%- for unique_id in project_nodes('model') -%}
        {%- set node = graph.nodes[unique_id] -%}
        {%- do (kept if node.config.full_refresh is false else found).append(node.schema) -%}
    {%- endfor -%}
    {%- for schema in found | unique | reject('in', kept) -%}
        {%- for sql in [
            'drop database if exists ' ~ schema ~ ' cascade', 'create database ' ~ schema
        ] -%}
            {#- no `run_query`: what gives no rows cannot be asked for them -#}
            {%- call statement('forget_half_written', auto_begin=false) -%}
                {{ sql }}
            {%- endcall -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}
