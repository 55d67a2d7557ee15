{#-
    The raw door. Before a run builds anything it finds its raw tables and compares
    their columns with the contract in models/staging/crm/_crm__sources.yml; whatever
    is wrong is said at once, in one message.
-#}
{% macro open_raw_sources() %}
    {%- if execute and flags.WHICH in ('build', 'run', 'test', 'snapshot') -%}
        {%- do as_of() -%}
        {%- set tables = graph.sources.values()
            | selectattr('source_name', 'equalto', 'crm') | sort(attribute='name') -%}
        {%- set problems = adapter.dispatch('open_raw_tables', 'mql')(tables) -%}
        {%- if problems -%}
            {{ exceptions.raise_compiler_error(
                "The raw tables do not meet their contract; nothing was built.\n  - "
                ~ problems | join("\n  - ")
            ) }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{#- DuckDB: a view of text columns over each file; Parquet wins where both lie. -#}
{% macro duckdb__open_raw_tables(tables) %}
    {%- set raw_path = env_var('MQL_RAW_PATH', '') -%}
    {%- set folder = raw_path or sample_folder() -%}
    {%- set remedy = "Set MQL_RAW_PATH to the folder that holds contacts.csv (or"
        ~ " .parquet) and the others" if raw_path
        else "Make the sample with `make sample`, or set MQL_RAW_PATH to your own files" -%}
    {%- set listing = run_query(
        "select file from glob('" ~ quoted(folder) ~ "/*')"
    ).columns[0].values() -%}
    {%- if not listing -%}
        {{ return(["no raw files in '" ~ folder ~ "': the folder does not exist or is"
            ~ " empty. " ~ remedy ~ "."]) }}
    {%- endif -%}
    {%- set found = [] -%}
    {%- for path in listing -%}
        {%- do found.append(path.replace('\\', '/').split('/')[-1]) -%}
    {%- endfor -%}
    {%- do run_query("create schema if not exists " ~ var('raw_schema')) -%}
    {%- set problems = [] -%}
    {%- for table in tables -%}
        {%- set wanted = table.columns.keys() | list -%}
        {%- set reader = raw_reader(folder, table.name, found) -%}
        {%- if reader -%}
            {%- set present = run_query("describe select * from " ~ reader)
                .columns[0].values() | map('lower') | list -%}
            {%- set missing = wanted | reject('in', present) | list -%}
        {%- else -%}
            {%- set missing = [] -%}
        {%- endif -%}
        {%- if not reader and table.config.meta.required -%}
            {%- do problems.append(table.name ~ ": neither " ~ table.name ~ ".parquet nor "
                ~ table.name ~ ".csv lies in '" ~ folder ~ "'. " ~ remedy ~ ".") -%}
        {%- elif missing -%}
            {%- do problems.append(table.name ~ ": missing column"
                ~ ("s " if missing | length > 1 else " ") ~ missing | join(", ")
                ~ ". Add them to the file (their cells may be empty).") -%}
        {%- else -%}
            {%- set view -%}
                create or replace view {{ var('raw_schema') }}.{{ table.name }} as
                select
                {%- for column in wanted %}
                    {{ column if reader else 'cast(null as varchar) as ' ~ column }}
                    {{- ',' if not loop.last }}
                {%- endfor %}
                {{ 'from ' ~ reader if reader else 'where false' }}
            {%- endset -%}
            {%- do run_query(view) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(problems) }}
{% endmacro %}

{#- How DuckDB reads a raw table's file, or nothing where there is none. -#}
{% macro raw_reader(folder, table, found) -%}
    {%- if table ~ '.parquet' in found -%}
        {{ return("read_parquet('" ~ quoted(folder) ~ "/" ~ table ~ ".parquet')") }}
    {%- elif table ~ '.csv' in found -%}
        {{ return("read_csv('" ~ quoted(folder) ~ "/" ~ table ~ ".csv', header = true,"
            ~ " all_varchar = true, delim = ',', quote = '\"', escape = '\"')") }}
    {%- endif -%}
    {{ return('') }}
{%- endmacro %}

{#- Where `make build` puts the sample. -#}
{% macro sample_folder() -%}
    {{ return('warehouse/sample') }}
{%- endmacro %}

{% macro quoted(text) -%}
    {{ return(text.replace("'", "''")) }}
{%- endmacro %}

{#- The columns of a raw table, in the order of its contract. -#}
{% macro contract_columns(table) -%}
    {%- set names = [] -%}
    {%- if execute -%}
        {%- for source in graph.sources.values()
            if source.source_name == 'crm' and source.name == table -%}
            {%- do names.extend(source.columns.keys()) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(names) }}
{%- endmacro %}

{#-
    The raw row as it arrived: `raw_record`, JSON for whoever reads the quarantine, and
    `record_order`, its cells in contract order, which compares as the cells do byte by
    byte (A1) because no cell holds anything below the separator.
-#}
{% macro raw_row(table) -%}
    {%- set columns = contract_columns(table) -%}
    {%- set quote = "'\"'" -%}
    '{'
    {%- for column in columns %}
        || '"{{ column }}": '
        || coalesce('"' || {{ json_escaped('cast(' ~ column ~ ' as ' ~ dbt.type_string() ~ ')') }} || '"', 'null')
        || '{{ ", " if not loop.last else "" }}'
    {%- endfor %}
    || '}' as raw_record,
    ''
    {%- for column in columns %}
        || coalesce(cast({{ column }} as {{ dbt.type_string() }}), '') || chr(1)
    {%- endfor %} as record_order
{%- endmacro %}

{#- chr() and not literals: engines disagree on what a backslash in a literal means. -#}
{% macro json_escaped(text) -%}
    replace(replace(replace(replace(replace({{ text }},
        chr(92), chr(92) || chr(92)), '"', chr(92) || '"'),
        chr(10), chr(92) || 'n'), chr(13), chr(92) || 'r'), chr(9), chr(92) || 't')
{%- endmacro %}
