{#- on-run-start. A table that was being written when its engine died may have left files
    without a table, to which the engine will not write again. Where every build is a full
    one they go together with all that is made anew. -#}
{% macro forget_half_written() -%}
    {%- if is_rerun() and this_build().selects_every_model -%}
        {{ return(adapter.dispatch('forget_half_written', 'mql')()) }}
    {%- endif -%}
{%- endmacro %}

{% macro default__forget_half_written() -%}{%- endmacro %}

{#- A database of Spark's is a folder. It stays where it holds what this build would not
    make again: seeds, records of what was once said, what is not the project's. -#}
{% macro spark__forget_half_written() -%}
    {%- set found, kept, own = [], [], [] -%}
    {%- for node in graph.nodes.values() if node.resource_type in ['model', 'seed'] -%}
        {%- set is_made_anew = node.resource_type == 'model'
            and node.config.full_refresh is not false -%}
        {%- do (found if is_made_anew else kept).append(node.schema) -%}
        {%- do own.append(node.schema ~ '.' ~ node.alias) -%}
    {%- endfor -%}
    {%- for schema in found | unique -%}
        {%- for table in run_query('show tables in ' ~ schema).rows
            if table['namespace'] ~ '.' ~ table['tableName'] not in own -%}
            {%- do kept.append(schema) -%}
        {%- endfor -%}
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
