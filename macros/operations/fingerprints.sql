{#- What a build was made from, as short texts that are compared with the last one's. -#}

{#- Seeds: their files. -#}
{% macro rules_hash() -%}
    {%- set parts = [] -%}
    {%- for name in project_nodes('seed') -%}
        {%- do parts.append(name ~ graph.nodes[name].checksum.checksum) -%}
    {%- endfor -%}
    {{ return(local_md5(parts | join)) }}
{%- endmacro %}

{#- The settings that stored rows were worked out with: the dbt vars, but for those that
    say where the raw rows are and up to when they are read. -#}
{% macro settings() -%}
    {%- set parts = [] -%}
    {%- for name in [
        'definitions', 'handoff_items_named', 'acceptance_mature_days',
        'outcome_mature_days', 'enough_mqls', 'fit_band_points', 'sweep_below',
        'sweep_above', 'sweep_step', 'sweep_days',
    ] -%}
        {%- do parts.append(name ~ '=' ~ var(name)) -%}
    {%- endfor -%}
    {{ return(parts | join(' ')) }}
{%- endmacro %}

{#-
    The SQL of the incremental models, of all models they are made from, and of the
    macros all these use: what stored rows were made by. Other models are made anew by
    every build and may change as they like; so may what those with `full_refresh` off
    are made from, whose rows are records of what was once said. Kept with dbt's graph,
    since a build asks for it several times.
-#}
{% macro models_hash() -%}
    {%- if graph.get('models_hash') -%}
        {{ return(graph.models_hash) }}
    {%- endif -%}
    {%- set names = [] -%}
    {%- for node in graph.nodes.values()
        if node.resource_type == 'model'
        and (node.config.materialized == 'incremental' or rows_of(node))
        and node.config.full_refresh is not false -%}
        {%- do names.append(node.unique_id) -%}
    {%- endfor -%}
    {%- set macro_names = [] -%}
    {#- the lists grow while they are walked, until nothing new is found -#}
    {%- for name in names -%}
        {%- set node = graph.nodes[name] -%}
        {%- for parent in node.depends_on.nodes
            if parent.startswith('model.') and parent not in names -%}
            {%- do names.append(parent) -%}
        {%- endfor -%}
        {%- for used in node.depends_on.macros if used not in macro_names -%}
            {%- do macro_names.append(used) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set parts = [] -%}
    {%- for name in names | sort -%}
        {%- set node = graph.nodes[name] -%}
        {%- do parts.append(
            name ~ node.config.materialized ~ node.config.unique_key ~ node.raw_code
        ) -%}
    {%- endfor -%}
    {#- a macro's name ends in its own; those of other packages come with dbt -#}
    {%- set own = 'macro.' ~ project_name ~ '.' -%}
    {%- for name in macro_names if name.startswith(own) -%}
        {%- set used_macro = context[name | replace(own, '')].macro -%}
        {%- for used in used_macro.depends_on.macros if used not in macro_names -%}
            {%- do macro_names.append(used) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for name in macro_names | sort if name.startswith(own) -%}
        {%- do parts.append(name ~ context[name | replace(own, '')].macro.macro_sql) -%}
    {%- endfor -%}
    {%- do graph.update({'models_hash': local_md5(parts | join)}) -%}
    {{ return(graph.models_hash) }}
{%- endmacro %}

{#- Which raw tables these are. Others than the last build's: everything is new. -#}
{% macro raw_source() -%}
    {{ return(adapter.dispatch('raw_source', 'mql')()) }}
{%- endmacro %}

{% macro default__raw_source() -%}
    {{ return(var('raw_schema')) }}
{%- endmacro %}

{% macro duckdb__raw_source() -%}
    {{ return(env_var('MQL_RAW_PATH', '') or sample_folder()) }}
{%- endmacro %}

{#- Names, sizes and times of the raw files; blank where raw tables are no files. -#}
{% macro raw_files() -%}
    {{ return(adapter.dispatch('raw_files', 'mql')()) }}
{%- endmacro %}

{% macro default__raw_files() -%}
    {{ return('') }}
{%- endmacro %}

{% macro duckdb__raw_files() -%}
    {%- set lines = [] -%}
    {#- the file's content is only read where it is asked for -#}
    {%- for row in run_query(
        "select filename, size, last_modified from read_blob('"
        ~ quoted(raw_source()) ~ "/*') order by filename"
    ).rows -%}
        {%- do lines.append(row | join(' ')) -%}
    {%- endfor -%}
    {{ return(lines | join('; ')) }}
{%- endmacro %}
