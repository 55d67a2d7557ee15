{#-
    What a build and the models in it may ask about builds. Outside a build (compile,
    docs, tests) there is none, and the answers are those of a first build.
-#}

{#- The first row of the build at work, or none. Every `ref` asks, so what was read is
    kept with dbt's graph, which lives as long as the command. -#}
{% macro this_build() -%}
    {%- if graph.get('this_build') -%}
        {{ return(graph.this_build) }}
    {%- endif -%}
    {%- if not is_build() or not selected('model') -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set query -%}
        select is_full, is_rerun, rules_hash, raw_files, completed_as_of
        from operations.builds
        where build_id = '{{ invocation_id }}' and event = 'started'
    {%- endset -%}
    {%- set rows = run_query(query).rows -%}
    {%- if rows | length == 0 -%}
        {{ return(none) }}
    {%- endif -%}
    {%- do graph.update({'this_build': {
        'is_full': rows[0]['is_full'],
        'is_rerun': rows[0]['is_rerun'],
        'rules_hash': rows[0]['rules_hash'],
        'raw_files': rows[0]['raw_files'],
        'completed_as_of': timestamp_text(rows[0]['completed_as_of']),
        'selects_every_model': selects_every_model(),
    }}) -%}
    {{ return(graph.this_build) }}
{%- endmacro %}

{#- Whether the build makes everything anew. -#}
{% macro is_full_build() -%}
    {%- set build = this_build() -%}
    {{ return(build.is_full if build else flags.FULL_REFRESH) }}
{%- endmacro %}

{#- Whether a build was interrupted since the last completed one: touched sets keep the
    rows they have. -#}
{% macro is_rerun() -%}
    {%- set build = this_build() -%}
    {{ return(build.is_rerun if build else false) }}
{%- endmacro %}

{#- The as_of of the last completed build, as an SQL expression; null where none is. -#}
{% macro completed_as_of() -%}
    {%- set build = this_build() -%}
    {%- if build and build.completed_as_of -%}
        cast('{{ build.completed_as_of }}' as timestamp)
    {%- else -%}
        cast(null as timestamp)
    {%- endif -%}
{%- endmacro %}

{#- dbt's own, asked by every incremental model, and the reason that a full build needs
    no --full-refresh. -#}
{% macro should_full_refresh() -%}
    {%- set configured = config.get('full_refresh') -%}
    {{ return(is_full_build() if configured is none else configured) }}
{%- endmacro %}

{#- Whether this command builds seeds or models. -#}
{% macro is_build() -%}
    {{ return(
        execute
        and flags.WHICH in ('build', 'run', 'seed', 'retry')
        and selected('model') | length + selected('seed') | length > 0
    ) }}
{%- endmacro %}

{#- The selected seeds or models, and those of the whole project. -#}
{% macro selected(resource_type) -%}
    {{ return(project_nodes(resource_type) | select('in', selected_resources) | list) }}
{%- endmacro %}

{% macro project_nodes(resource_type) -%}
    {%- set names = [] -%}
    {%- for node in graph.nodes.values()
        if node.resource_type == resource_type
        and node.config.materialized != 'ephemeral' -%}
        {%- do names.append(node.unique_id) -%}
    {%- endfor -%}
    {{ return(names | sort) }}
{%- endmacro %}

{#- What the rows of earlier builds say, as a dictionary. -#}
{% macro what_went_before() -%}
    {%- set query -%}
        with builds as (

            select * from operations.builds

        ),

        last_completed as (

            select * from builds
            where build_number = (
                select max(build_number) from builds where event = 'completed'
            )

        ),

        started_since as (

            select * from builds
            where
                event = 'started'
                and build_number > coalesce(
                    (select build_number from last_completed), 0
                )

        ),

        last_started as (

            select * from builds
            where build_number = (
                select max(build_number) from builds where event = 'started'
            )

        ),

        last_seeded as (

            select * from builds
            where build_number = (
                select max(build_number) from builds
                where event in ('seeding', 'seeded')
            )

        )

        select
            (select count(*) from last_completed) as completed,
            (select count(*) from started_since) as interrupted,
            (select count(*) from started_since where is_full) as interrupted_full,
            (select rules_hash from last_completed) as rules_hash,
            (select models_hash from last_completed) as models_hash,
            (select raw_source from last_started) as raw_source,
            (select rules_hash from last_seeded) as seeded_rules,
            (select as_of from last_completed) as completed_as_of,
            (select as_of from last_started) as last_as_of,
            (
                select count(*) from last_started where as_of > {{ as_of() }}
            ) as later_started
    {%- endset -%}
    {%- set row = run_query(query).rows[0] -%}
    {{ return({
        'is_completed': row['completed'] > 0,
        'was_interrupted': row['interrupted'] > 0,
        'was_full': row['interrupted_full'] > 0,
        'rules_hash': row['rules_hash'],
        'models_hash': row['models_hash'],
        'raw_source': row['raw_source'],
        'seeded_rules': row['seeded_rules'],
        'completed_as_of': timestamp_text(row['completed_as_of']),
        'last_as_of': timestamp_text(row['last_as_of']),
        'goes_back': row['later_started'] > 0,
    }) }}
{%- endmacro %}


{#- A time that a query gave, as text; none stays none. -#}
{% macro timestamp_text(moment) -%}
    {{ return(moment.strftime('%Y-%m-%d %H:%M:%S.%f') if moment else none) }}
{%- endmacro %}
