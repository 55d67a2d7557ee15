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
        {%- set path = folder ~ '/' ~ table.name -%}
        {%- if table.name ~ '.parquet' in found -%}
            {%- set reader = "read_parquet('" ~ quoted(path) ~ ".parquet')" -%}
            {%- set present = parquet_columns(reader) -%}
        {%- elif table.name ~ '.csv' in found -%}
            {%- set present = csv_header(path ~ '.csv') -%}
            {%- set reader = csv_reader(path ~ '.csv', present) -%}
        {%- else -%}
            {%- set reader = '' -%}
            {%- set present = wanted -%}
        {%- endif -%}
        {%- set missing = missing_columns(table.name, wanted, present, 'file') -%}
        {%- if not reader and table.config.meta.required -%}
            {%- do problems.append(table.name ~ ": neither " ~ table.name ~ ".parquet nor "
                ~ table.name ~ ".csv lies in '" ~ folder ~ "'. " ~ remedy ~ ".") -%}
        {%- elif missing -%}
            {%- do problems.extend(missing) -%}
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

{#-
    Other engines: the tables of the schema `raw_schema`. They are the customer's:
    nothing is made or changed there.
-#}
{% macro default__open_raw_tables(tables) %}
    {%- set schema = var('raw_schema') -%}
    {%- set problems = engine_problems() -%}
    {%- for table in tables -%}
        {%- set name = schema ~ '.' ~ table.name -%}
        {%- set found = raw_columns(table.name) -%}
        {%- if found is none and table.config.meta.required -%}
            {%- do problems.append(
                table.name ~ ": there is no table " ~ name ~ ". Load it, or set the dbt"
                ~ " var raw_schema to the schema it is in."
            ) -%}
        {%- elif found == 'forbidden' -%}
            {%- do problems.append(
                table.name ~ ": " ~ target.user ~ " may not read it. Grant usage on schema "
                ~ schema ~ " and select on " ~ name ~ "."
            ) -%}
        {%- elif found is not none -%}
            {%- do problems.extend(missing_columns(
                table.name, table.columns.keys() | list, found, 'table'
            )) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(problems) }}
{% endmacro %}

{#- What of the engine's own settings would change an answer: a list of messages. -#}
{% macro engine_problems() -%}
    {{ return(adapter.dispatch('engine_problems', 'mql')()) }}
{%- endmacro %}

{% macro default__engine_problems() -%}
    {{ return([]) }}
{%- endmacro %}

{% macro postgres__engine_problems() -%}
    {%- set settings = run_query(
        "select current_setting('server_encoding'), current_setting('lc_ctype')"
    ).rows[0] -%}
    {#- chr() above 127 is an error elsewhere than in UTF8 -#}
    {%- if settings[0] != 'UTF8'
        or not run_query("select lower(chr(201)) = chr(233)").rows[0][0] -%}
        {{ return([
            "the database " ~ target.dbname ~ " does not know Unicode (encoding "
            ~ settings[0] ~ ", LC_CTYPE " ~ settings[1] ~ "): create one with ENCODING"
            ~ " 'UTF8' LC_CTYPE 'C.UTF-8' (or any UTF-8 locale) TEMPLATE template0."
        ]) }}
    {%- endif -%}
    {{ return([]) }}
{%- endmacro %}

{% macro spark__engine_problems() -%}
    {%- set zone = run_query("select current_timezone()").rows[0][0] -%}
    {{ return([] if zone == 'UTC' else [
        "the session's time zone is " ~ zone ~ ", and times are UTC: keep"
        ~ " spark.sql.session.timeZone in profiles.yml."
    ]) }}
{%- endmacro %}

{#-
    The columns of a raw table, view or whatever can be read like one: none where there
    is no such table, 'forbidden' where this user may not read it.
-#}
{% macro raw_columns(table) -%}
    {{ return(adapter.dispatch('raw_columns', 'mql')(table)) }}
{%- endmacro %}

{% macro default__raw_columns(table) -%}
    {%- set relation = adapter.get_relation(
        database=none, schema=var('raw_schema'), identifier=table
    ) -%}
    {%- if not relation -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(
        adapter.get_columns_in_relation(relation)
        | map(attribute='name') | map('lower') | list
    ) }}
{%- endmacro %}

{#- By the catalogue: dbt would not list foreign tables, nor say what is forbidden. -#}
{% macro postgres__raw_columns(table) -%}
    {%- set found = run_query(
        "select pg_class.oid, has_schema_privilege(pg_namespace.oid, 'usage')"
        ~ " and has_table_privilege(pg_class.oid, 'select')"
        ~ " from pg_class inner join pg_namespace"
        ~ " on pg_class.relnamespace = pg_namespace.oid"
        ~ " where pg_namespace.nspname = '" ~ quoted(var('raw_schema')) ~ "'"
        ~ " and pg_class.relname = '" ~ quoted(table) ~ "'"
        ~ " and pg_class.relkind in ('r', 'p', 'v', 'm', 'f')"
    ).rows -%}
    {%- if not found -%}
        {{ return(none) }}
    {%- elif not found[0][1] -%}
        {{ return('forbidden') }}
    {%- endif -%}
    {{ return(run_query(
        "select attname from pg_attribute where attnum > 0 and not attisdropped"
        ~ " and attrelid = " ~ found[0][0]
    ).columns[0].values() | list) }}
{%- endmacro %}

{#- The message about columns that a raw table lacks, in a list; empty if there is none. -#}
{% macro missing_columns(table, wanted, present, thing) -%}
    {%- set missing = wanted | reject('in', present) | list -%}
    {{ return([
        table ~ ": missing column" ~ ("s " if missing | length > 1 else " ")
        ~ missing | join(", ") ~ ". Add them to the " ~ thing
        ~ " (their cells may be empty)."
    ] if missing else []) }}
{%- endmacro %}

{#-
    A raw table to select from; one that may be missing and is missing counts as empty.
    DuckDB has a view for each, made at the door.
-#}
{% macro raw_table(table) -%}
    {{ return(adapter.dispatch('raw_table', 'mql')(table)) }}
{%- endmacro %}

{% macro duckdb__raw_table(table) -%}
    {{ return(source('crm', table)) }}
{%- endmacro %}

{% macro default__raw_table(table) -%}
    {%- set relation = source('crm', table) -%}
    {#- in a unit test the source is a fixture and not in the warehouse -#}
    {%- if not execute or relation.is_cte or raw_columns(table) is not none -%}
        {{ return(relation) }}
    {%- endif -%}
    (
        select
            {%- for column in contract_columns(table) %}
            cast(null as {{ dbt.type_string() }}) as {{ column }}{{ ',' if not loop.last }}
            {%- endfor %}
        where false
    ) as {{ table }}
{%- endmacro %}

{% macro parquet_columns(reader) -%}
    {{ return(
        run_query("describe select * from " ~ reader).columns[0].values()
        | map('lower') | list
    ) }}
{%- endmacro %}

{#-
    The column names of a CSV file: its first line, read as one cell. DuckDB's own
    guess of a header, a delimiter and lines to skip is not used anywhere, because it
    guesses from the data, and a strange row would change how all others are read.
-#}
{% macro csv_header(path) -%}
    {%- set lines = run_query(
        "select line from read_csv('" ~ quoted(path) ~ "', columns = {'line': 'varchar'},"
        ~ " auto_detect = false, header = false, delim = '\x01', quote = '', escape = '',"
        ~ " strict_mode = false) limit 1"
    ).columns[0].values() -%}
    {%- set names = [] -%}
    {%- if lines and lines[0] -%}
        {%- for cell in lines[0].split(',') -%}
            {%- do names.append(cell.strip().strip('"').strip() | lower) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(names) }}
{%- endmacro %}

{#- Every cell is read as text; a row with too few or too many cells is an error. -#}
{% macro csv_reader(path, names) -%}
    {%- set columns = [] -%}
    {%- for name in names -%}
        {%- do columns.append("'" ~ quoted(name) ~ "': 'varchar'") -%}
    {%- endfor -%}
    {{ return(
        "read_csv('" ~ quoted(path) ~ "', columns = {" ~ columns | join(', ') ~ "},"
        ~ " auto_detect = false, header = true, delim = ',', quote = '\"',"
        ~ " escape = '\"')"
    ) }}
{%- endmacro %}

{#- Where `make build` puts the sample. -#}
{% macro sample_folder() -%}
    {{ return('warehouse/sample') }}
{%- endmacro %}

{#- Whether the raw tables are the sample and nobody's own. -#}
{% macro is_sample() -%}
    {{ return(raw_source() == sample_folder()) }}
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
    The cells of a raw row as they arrived, `raw_<column>`: the intake writes out the few
    rows that are refused or delivered again, and no others.
-#}
{% macro raw_cells(table) -%}
    {%- for column in contract_columns(table) -%}
    , {{ column }} as raw_{{ column }}
    {% endfor -%}
{%- endmacro %}

{#- The row as JSON, for whoever reads the quarantine. -#}
{% macro raw_record(table, prefix) -%}
    '{'
    {%- for column in contract_columns(table) %}
        {%- set cell = 'cast(' ~ prefix ~ column ~ ' as ' ~ dbt.type_string() ~ ')' %}
        || '"{{ column }}": '
        || coalesce('"' || {{ json_escaped(cell) }} || '"', 'null')
        || '{{ ", " if not loop.last else "" }}'
    {%- endfor %}
    || '}'
{%- endmacro %}

{#- The cells in contract order, which compares as they do byte by byte (A1) because no
    cell holds anything below the separator. -#}
{% macro record_order(table, prefix) -%}
    ''
    {%- for column in contract_columns(table) %}
        || coalesce(cast({{ prefix }}{{ column }} as {{ dbt.type_string() }}), '') || chr(1)
    {%- endfor %}
{%- endmacro %}

{#- chr() and not literals: engines disagree on what a backslash in a literal means. -#}
{% macro json_escaped(text) -%}
    replace(replace(replace(replace(replace({{ text }},
        chr(92), chr(92) || chr(92)), '"', chr(92) || '"'),
        chr(10), chr(92) || 'n'), chr(13), chr(92) || 'r'), chr(9), chr(92) || 't')
{%- endmacro %}
