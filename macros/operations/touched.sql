{#-
    Who is touched: before an incremental build changes anything, it notes in the schema
    `touched` the contacts of whom anything may differ from what the last completed build
    left. Too many cost time; one too few would be wrong. P is the `as_of` of the last
    completed build, T that of the build at work.
-#}

{#- on-run-start. -#}
{% macro note_touched_contacts() -%}
    {%- if is_build() and selects_every_model() and models_by_contact() -%}
        {%- set build = this_build() -%}
        {%- if build.is_full or not build.is_rerun -%}
            {%- do forget_touched_schema() -%}
        {%- endif -%}
        {%- if not build.is_full -%}
            {%- do run_query('create schema if not exists touched') -%}
            {%- do forget_relations_of_an_earlier_build() -%}
            {%- do run_query(keep_what_a_rerun_knows('contacts', touched_query())) -%}
            {%- do run_query(keep_what_a_rerun_knows('members', no_contacts_query())) -%}
            {#- what they were before the first of the builds that were interrupted -#}
            {%- do run_query(
                'create table if not exists touched.account_timelines_before as'
                ~ ' select * from ' ~ relation_of('int_account_timelines')
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#- No `run_query`: on Spark what gives no rows cannot be asked for them. -#}
{% macro forget_touched_schema() -%}
    {%- call statement('forget_touched_schema', auto_begin=false) -%}
        drop schema if exists touched cascade
    {%- endcall -%}
{%- endmacro %}

{#- on-run-end: nothing of a contact stays where the next erasure would not find it. -#}
{% macro forget_touched_contacts() -%}
    {%- if is_build() and this_build() and not this_build().is_full
        and models_by_contact() -%}
        {%- set events = run_query(
            'select event from operations.builds order by build_number desc limit 1'
        ).columns[0].values() -%}
        {%- if events[0] == 'completed' -%}
            {%- do forget_touched_schema() -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#- A model's relation, for a hook: dbt takes no `ref` behind a condition there. -#}
{% macro relation_of(name) -%}
    {%- set node = graph.nodes['model.' ~ project_name ~ '.' ~ name] -%}
    {{ return(api.Relation.create(
        database=node.database, schema=node.schema, identifier=node.alias
    )) }}
{%- endmacro %}

{#- How many contacts the build looked at; null for all of them. -#}
{% macro touched_count() -%}
    {%- if is_touched_build() and models_by_contact() -%}
        (
            select count(*) from {{ touched_contacts(everybody=true) }}
            where contact_id <> ''
        )
    {%- else -%}
        null
    {%- endif -%}
{%- endmacro %}

{% macro forget_relations_of_an_earlier_build() -%}
    {%- for node in models_by_contact() -%}
        {%- set is_view = node.config.materialized == 'view_by_contact'
            and not node.config.get('touched_rows_are_stored') -%}
        {%- do run_query(
            'drop ' ~ ('view' if is_view else 'table') ~ ' if exists touched.'
            ~ node.alias ~ ' cascade'
        ) -%}
    {%- endfor -%}
{%- endmacro %}

{% macro no_contacts_query() -%}
    select cast(null as {{ dbt.type_string() }}) as contact_id where false
{%- endmacro %}

{#- A build after one that was interrupted adds to what that one had noted: stored tables
    may already be past the boundary by which it knew a contact. -#}
{% macro keep_what_a_rerun_knows(table, query) -%}
    {%- if run_query(
        "select 1 from information_schema.tables where table_schema = 'touched'"
        ~ " and table_name = '" ~ table ~ "'"
    ).rows | length > 0 -%}
        insert into touched.{{ table }}
        select contact_id from (
            {{ query }}
        ) as found
        where contact_id not in (select contact_id from touched.{{ table }})
    {%- else -%}
        create table touched.{{ table }} as
        {{ query }}
    {%- endif -%}
{%- endmacro %}

{% macro since_then(moment) -%}
    ({{ moment }} > {{ completed_as_of() }} and {{ moment }} <= {{ as_of() }})
{%- endmacro %}

{#- Whether a raw row becomes visible, or is refused for the first time. -#}
{% macro is_news(loaded_at, own_time) -%}
    (
        {{ since_then(loaded_at) }}
        or {{ since_then(own_time) }}
        or ({{ own_time }} is null and {{ loaded_at }} > {{ completed_as_of() }})
    )
{%- endmacro %}

{% macro touched_query() -%}
    with news as (

        select activity_id, contact_id
        from {{ relation_of('stg_crm__activities') }}
        where
            {{ is_news('loaded_at', 'occurred_at') }}
            or (activity_id is null and loaded_at > {{ completed_as_of() }})
            -- nobody can say when it came
            or loaded_at is null

    ),

    account_news as (

        select account_id
        from {{ relation_of('stg_crm__accounts') }}
        where {{ is_news('loaded_at', 'updated_at') }}

        union

        select account_id
        from {{ relation_of('stg_crm__service_contracts') }}
        where contract_id in (
            select contract_id
            from {{ relation_of('stg_crm__service_contracts') }}
            where {{ is_news('loaded_at', 'updated_at') }}
        )

        union

        -- a contract begins, ends, or comes into the window before its end
        select contracts.account_id
        from {{ relation_of('int_service_contracts') }} as contracts
        cross join {{ relation_of('int_product_lines') }} as product_lines
        where
            {{ since_then('contracts.starts_on') }}
            or {{ since_then('contracts.ends_on') }}
            or {{ since_then(add_days(
                'contracts.ends_on', '-product_lines.service_window_days'
            )) }}

    ),

    touched as (

        -- rows that say of nobody whose they are
        select '' as contact_id

        union

        select contact_id from news

        union

        -- restated for another contact
        select contact_id
        from {{ relation_of('stg_crm__activities') }}
        where activity_id in (select activity_id from news)

        union

        select contact_id
        from {{ relation_of('stg_crm__contacts') }}
        where
            {{ is_news('loaded_at', 'updated_at') }}
            or (created_at is null and loaded_at > {{ completed_as_of() }})
            or loaded_at is null

        union

        select contact_id
        from {{ relation_of('stg_crm__dispositions') }}
        where disposition_id in (
            select disposition_id
            from {{ relation_of('stg_crm__dispositions') }}
            where {{ is_news('loaded_at', 'disposed_at') }}
        )

        union

        select contact_id
        from {{ relation_of('stg_crm__opportunities') }}
        where opportunity_id in (
            select opportunity_id
            from {{ relation_of('stg_crm__opportunities') }}
            where
                {{ is_news('loaded_at', 'updated_at') }}
                or {{ since_then('created_at') }}
                or {{ since_then('closed_at') }}
        )

        union

        select contact_id
        from {{ relation_of('int_contact_profiles') }}
        where account_id in (select account_id from account_news)

        union

        -- a loss for inactivity
        select spans.contact_id
        from {{ relation_of('int_contact_spans') }} as spans
        inner join {{ relation_of('int_definitions') }} as definitions
            on spans.definition_id = definitions.definition_id
        where
            definitions.inactivity_days is not null
            and spans.last_engaged_at is not null
            and {{ inactivity_steps(
                'spans.last_engaged_at',
                completed_as_of(),
                'definitions.inactivity_days',
                'definitions.inactivity_period_days',
            ) }} <> {{ inactivity_steps(
                'spans.last_engaged_at',
                as_of(),
                'definitions.inactivity_days',
                'definitions.inactivity_period_days',
            ) }}
            and spans.contact_id in (
                select contact_id from {{ relation_of('int_timelines') }}
            )

        union

        -- a window, a hold, a silence begins or ends
        select contact_id
        from {{ relation_of('int_periods') }}
        where {{ since_then('valid_from') }} or {{ since_then('valid_to') }}

        union

        -- a half-life takes a score below what is needed
        select contact_id
        from {{ relation_of('int_contact_standing') }}
        where
            valid_to is null
            and half_life_days is not null
            and passes_score
            and {{ falls_below_at(
                'score_when_scored',
                'engagement_needed',
                'half_life_days',
                'scored_at',
                'valid_from',
            ) }} <= {{ as_of() }}

    )

    select distinct coalesce(contact_id, '') as contact_id
    from touched
{%- endmacro %}

{#-
    Before int_timelines: whose account came to be one that may ever qualify, or ceased
    to be, gets a timeline or loses it without being touched. What is stored of these
    members is right as it is, and is laid beside the rows of the touched contacts for
    the models that come now.
-#}
{% macro touch_members() -%}
    {%- if is_touched_build() -%}
        {%- set members -%}
            select distinct members.contact_id
            from {{ relation_of('int_account_members') }} as members
            inner join (
                select definition_id, account_id, product_line
                from (
                    (
                        select * from touched.account_timelines_before
                        except
                        select * from {{ relation_of('int_account_timelines') }}
                    )
                    union all
                    (
                        select * from {{ relation_of('int_account_timelines') }}
                        except
                        select * from touched.account_timelines_before
                    )
                ) as differing
            ) as changed
                on
                    members.definition_id = changed.definition_id
                    and members.account_id = changed.account_id
                    and members.product_line = changed.product_line
            where members.contact_id not in (select contact_id from touched.contacts)
        {%- endset -%}
        {%- do run_query(keep_what_a_rerun_knows('members', members)) -%}
        {%- for node in models_by_contact()
            if node.config.materialized == 'table_by_contact'
            and node.unique_id != model.unique_id
            and comes_after(model, node.name)
            and node.config.get('contact_key', 'contact_id') == 'contact_id' -%}
            {%- set relation = relation_of(node.name) -%}
            {%- do run_query(
                'insert into ' ~ touched_relation(relation) ~ ' select * from ' ~ relation
                ~ ' where contact_id in (select contact_id from touched.members)'
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
