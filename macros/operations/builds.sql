{#-
    What the working database knows of its builds: rows appended to operations.builds
    before and after each, on every engine, so that a build knows what the one before it
    left. docs/decisions/0007-write-audit-publish.md says what follows from it for
    incremental models.

    Events: `seeding` and `seeded` around the seeds, `started` and `completed` around the
    models. What has the first of a pair and not the second was interrupted.
-#}

{#- on-run-start, in this order: the schema, the table, what this build is. -#}
{% macro create_operations_schema() -%}
    {%- if is_build() %}create schema if not exists operations{% endif -%}
{%- endmacro %}

{% macro create_builds_table() -%}
    {%- if is_build() %}
    create table if not exists operations.builds (
        build_number integer,
        build_id {{ dbt.type_string() }},
        event {{ dbt.type_string() }},
        is_full boolean,
        is_rerun boolean,
        models_hash {{ dbt.type_string() }},
        rules_hash {{ dbt.type_string() }},
        raw_source {{ dbt.type_string() }},
        raw_files {{ dbt.type_string() }},
        touched_contacts integer,
        as_of timestamp,
        completed_as_of timestamp
    )
    {%- endif -%}
{%- endmacro %}

{#- Decides whether the build is full, or refuses it; appends its first rows. -#}
{% macro begin_build() -%}
    {%- if is_build() -%}
        {%- set loads_seeds = selected('seed') | length > 0 -%}
        {%- set events = [] -%}
        {%- if loads_seeds -%}
            {#- an id nobody has: what the tables hold is unknown until all are loaded -#}
            {%- do events.append({'event': 'seeding', 'rules_hash': invocation_id}) -%}
        {%- endif -%}
        {%- if selected('model') -%}
            {%- set before = what_went_before() -%}
            {%- set seeded = rules_hash() if loads_seeds else before.seeded_rules -%}
            {%- set rules = local_md5((seeded or '') ~ settings()) -%}
            {%- set is_full = (
                flags.FULL_REFRESH
                or not rows_can_be_deleted()
                or not models_of_touched_rows_are_there()
                or not before.is_completed
                or before.was_full
                or before.rules_hash != rules
                or before.raw_source != raw_source()
                or remakes_some_whole()
                or rewritten_raw_tables() != []
            ) -%}
            {%- if not flags.FULL_REFRESH and before.raw_source == raw_source() -%}
                {%- do refuse_going_back(before) -%}
            {%- endif -%}
            {%- if not is_full -%}
                {%- do refuse_changed_models(before) -%}
            {%- endif -%}
            {%- do events.append({
                'event': 'started',
                'is_full': is_full,
                'is_rerun': before.was_interrupted,
                'rules_hash': rules,
                'completed_as_of': before.completed_as_of,
            }) -%}
        {%- endif -%}
        {{ append_builds(events) }}
    {%- endif -%}
{%- endmacro %}

{#- on-run-end: appends `seeded` and `completed` where that is so. -#}
{% macro end_build(results) -%}
    {%- if is_build() -%}
        {%- set succeeded = [] -%}
        {%- for result in results if result.status == 'success' -%}
            {%- do succeeded.append(result.node.unique_id) -%}
        {%- endfor -%}
        {%- set events = [] -%}
        {%- if project_nodes('seed') | reject('in', succeeded) | list | length == 0 -%}
            {%- do events.append({'event': 'seeded', 'rules_hash': rules_hash()}) -%}
        {%- endif -%}
        {%- set build = this_build() -%}
        {%- if build
            and project_nodes('model') | reject('in', succeeded) | list | length == 0 -%}
            {%- if build.raw_files != raw_files() -%}
                {{ exceptions.raise_compiler_error(
                    "The raw files changed while the build was reading them; what was"
                    ~ " built is of neither state and is not taken as the last good"
                    ~ " build. Write new files under another name and rename them"
                    ~ " when they are whole; then run again."
                ) }}
            {%- endif -%}
            {%- do events.append({
                'event': 'completed',
                'is_full': build.is_full,
                'is_rerun': build.is_rerun,
                'rules_hash': build.rules_hash,
                'completed_as_of': build.completed_as_of,
            }) -%}
        {%- endif -%}
        {{ append_builds(events) }}
    {%- endif -%}
{%- endmacro %}

{% macro refuse_going_back(before) -%}
    {%- if before.goes_back -%}
        {{ exceptions.raise_compiler_error(
            "as_of " ~ as_of_text() ~ " is earlier than that of the last build of this"
            ~ " warehouse, " ~ before.last_as_of ~ ". What was built cannot go back in"
            ~ " time: give --full-refresh to build it anew, or set MQL_WAREHOUSE_PATH to"
            ~ " another file to look at the past beside it. Nothing was changed."
        ) }}
    {%- endif -%}
{%- endmacro %}

{% macro refuse_changed_models(before) -%}
    {%- if before.models_hash != models_hash() -%}
        {{ exceptions.raise_compiler_error(
            "An incremental model, or what it is made from, changed since the last"
            ~ " build: what is stored was made by other SQL. Give --full-refresh to"
            ~ " build it anew. Nothing was changed."
        ) }}
    {%- endif -%}
{%- endmacro %}

{#- Rows as one insert. Blank for none. -#}
{% macro append_builds(events) -%}
    {%- if events %}
    insert into operations.builds
    {%- for event in events %}
    select
        (select coalesce(max(build_number), 0) from operations.builds)
        + {{ loop.index }},
        {{ dbt.string_literal(invocation_id) }},
        {{ dbt.string_literal(event.event) }},
        cast({{ event.get('is_full', 'null') | lower }} as boolean),
        cast({{ event.get('is_rerun', 'null') | lower }} as boolean),
        {{ dbt.string_literal(models_hash()) }},
        {{ dbt.string_literal(event.rules_hash) }},
        {{ dbt.string_literal(raw_source() | replace("'", "''")) }},
        {{ dbt.string_literal(raw_files() | replace("'", "''")) }},
        cast(
            {{ touched_count() if event.event == 'completed' else 'null' }} as integer
        ),
        {{ as_of() }},
        {% if event.get('completed_as_of') -%}
            cast('{{ event.completed_as_of }}' as timestamp)
        {%- else -%}
            cast(null as timestamp)
        {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {%- endif -%}
{%- endmacro %}
