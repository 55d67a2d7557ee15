{#-
    Who is touched: before an incremental build changes anything, it notes in the schema
    `touched` the contacts of whom anything may differ from what the last completed build
    left. Too many cost time; one too few would be wrong. P is the `as_of` of the last
    completed build, T that of the build at work.
-#}

{#- on-run-start. What a build noted stays until the next one begins: the marts are
    published by it. -#}
{% macro note_touched_contacts() -%}
    {%- if is_build() and selects_every_model() and models_of_touched_rows() -%}
        {%- set build = this_build() -%}
        {%- if build.is_full or not build.is_rerun -%}
            {%- do forget_touched_schema() -%}
        {%- endif -%}
        {%- if not build.is_full -%}
            {%- do run_query('create schema if not exists touched') -%}
            {%- do forget_relations_of_an_earlier_build() -%}
            {%- do run_query('create table touched.news as ' ~ activity_news_query()) -%}
            {%- do run_query(keep_what_a_rerun_knows('contacts', touched_query())) -%}
            {%- do read_touched_rows() -%}
            {%- do run_query(keep_what_a_rerun_knows('others', nothing_yet('contact_id'))) -%}
            {#- of whom there was no news at the build that was interrupted -#}
            {%- do run_query(
                'delete from touched.others'
                ~ ' where contact_id in (select contact_id from touched.contacts)'
            ) -%}
            {%- do run_query(keep_what_a_rerun_knows(
                'accounts', touched_accounts_query(), 'account_id'
            )) -%}
            {%- do run_query(keep_what_a_rerun_knows(
                'stories', nothing_yet('story_id'), 'story_id'
            )) -%}
            {#- what they were before the first of the builds that were interrupted -#}
            {%- for name, whose in state_before().items() -%}
                {%- do run_query(
                    'create table if not exists touched.' ~ name ~ '_before as'
                    ~ ' select * from ' ~ relation_of('int_' ~ name) ~ ' ' ~ whose
                ) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#- No `run_query`: on Spark what gives no rows cannot be asked for them. -#}
{% macro forget_touched_schema() -%}
    {%- call statement('forget_touched_schema', auto_begin=false) -%}
        drop schema if exists touched cascade
    {%- endcall -%}
{%- endmacro %}

{#- on-run-end of a completed build. What is left says whose rows it made anew. -#}
{% macro forget_what_was_before() -%}
    {%- if is_build() and this_build() and not this_build().is_full
        and models_of_touched_rows() -%}
        {%- set events = run_query(
            'select event from operations.builds order by build_number desc limit 1'
        ).columns[0].values() -%}
        {%- if events[0] == 'completed' -%}
            {%- for name in state_before().keys() -%}
                {%- do run_query('drop table touched.' ~ name ~ '_before') -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#- Models whose rows as the last completed build left them are kept for comparison, and
    which rows of them. -#}
{% macro state_before() -%}
    {{ return({
        'account_timelines': '',
        'story_people': '',
        'account_contributions': of_touched_contacts(),
    }) }}
{%- endmacro %}

{% macro of_touched_contacts() -%}
    where contact_id in (select contact_id from touched.contacts)
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
    {%- if is_touched_build() and models_of_touched_rows() -%}
        (
            select count(*) from {{ touched_contacts(everybody=true) }}
            where contact_id <> ''
        )
    {%- else -%}
        null
    {%- endif -%}
{%- endmacro %}

{% macro forget_relations_of_an_earlier_build() -%}
    {%- for noted in ['news', 'restated'] -%}
        {%- do run_query('drop table if exists touched.' ~ noted) -%}
    {%- endfor -%}
    {%- for node in models_of_touched_rows() -%}
        {%- set is_view = has_others_beside(node) or (
            node.config.materialized.startswith('view')
            and not node.config.get('touched_rows_are_stored')
        ) -%}
        {%- do run_query(
            'drop ' ~ ('view' if is_view else 'table') ~ ' if exists touched.'
            ~ node.alias ~ ' cascade'
        ) -%}
        {%- if has_others_beside(node) -%}
            {%- do run_query('drop table if exists touched.' ~ node.alias ~ '_made') -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{% macro nothing_yet(key) -%}
    select cast(null as {{ dbt.type_string() }}) as {{ key }} where false
{%- endmacro %}

{#- A build after one that was interrupted adds to what that one had noted: stored tables
    may already be past the boundary by which it knew a contact. -#}
{% macro keep_what_a_rerun_knows(table, query, key='contact_id') -%}
    {%- if run_query(
        "select 1 from information_schema.tables where table_schema = 'touched'"
        ~ " and table_name = '" ~ table ~ "'"
    ).rows | length > 0 -%}
        insert into touched.{{ table }}
        select {{ key }} from (
            {{ query }}
        ) as found
        where {{ key }} not in (select {{ key }} from touched.{{ table }})
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

{#- What all raw rows of a record name, the older ones too, where any of them is news. -#}
{% macro named_by_news(column, table, key, condition) -%}
    select {{ column }}
    from {{ relation_of('stg_crm__' ~ table) }}
    where {{ key }} in (
        select {{ key }}
        from {{ relation_of('stg_crm__' ~ table) }}
        where {{ condition }}
    )
{%- endmacro %}

{% macro named_by_opportunity_news(column) -%}
    {{ named_by_news(
        column,
        'opportunities',
        'opportunity_id',
        is_news('loaded_at', 'updated_at')
        ~ ' or ' ~ since_then('created_at') ~ ' or ' ~ since_then('closed_at'),
    ) }}
{%- endmacro %}

{#- Accounts whose own state is news. -#}
{% macro account_news_query() -%}
    select account_id
    from {{ relation_of('stg_crm__accounts') }}
    where {{ is_news('loaded_at', 'updated_at') }}

    union

    {{ named_by_news(
        'account_id',
        'service_contracts',
        'contract_id',
        is_news('loaded_at', 'updated_at'),
    ) }}

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
{%- endmacro %}

{#- Activities that are news. One column a branch: an engine that knows between what
    values each part of a table lies reads the parts in question, and not the table. -#}
{% macro activity_news_query() -%}
    {%- set activities = relation_of('stg_crm__activities') -%}
    select activity_id, contact_id
    from {{ activities }}
    where
        loaded_at > {{ completed_as_of() }}
        and (loaded_at <= {{ as_of() }} or occurred_at is null or activity_id is null)

    union all

    select activity_id, contact_id
    from {{ activities }}
    where {{ since_then('occurred_at') }}

    union all

    -- nobody can say when it came
    select activity_id, contact_id
    from {{ activities }}
    where loaded_at is null
{%- endmacro %}

{% macro touched_query() -%}
    with account_news as (

        {{ account_news_query() | indent(8) }}

    ),

    touched as (

        -- rows that say of nobody whose they are
        select '' as contact_id

        union

        select contact_id from touched.news

        union

        select contact_id
        from {{ relation_of('stg_crm__contacts') }}
        where
            {{ is_news('loaded_at', 'updated_at') }}
            or (created_at is null and loaded_at > {{ completed_as_of() }})
            or loaded_at is null

        union

        {{ named_by_news(
            'contact_id',
            'dispositions',
            'disposition_id',
            is_news('loaded_at', 'disposed_at'),
        ) | indent(8) }}

        union

        {{ named_by_opportunity_news('contact_id') | indent(8) }}

        union

        select contact_id
        from {{ relation_of('int_contact_profiles') }}
        where account_id in (select account_id from account_news)

        union

        select contact_id
        from (
            {{ losing_points_query() | indent(12) }}
        ) as losing_points
        where contact_id in (
            select contact_id from {{ relation_of('int_timelines') }}
        )

        union

        -- a window, a hold begins or ends
        select contact_id
        from {{ relation_of('int_periods') }}
        where
            kind <> 'silent'
            and ({{ since_then('valid_from') }} or {{ since_then('valid_to') }})

        union

        -- a silence begins: who ends one by then is in the news
        select spans.contact_id
        from {{ relation_of('int_contact_spans') }} as spans
        inner join {{ relation_of('int_product_lines') }} as product_lines
            on spans.definition_id = product_lines.definition_id
        where
            {{ since_then(add_days(
                'spans.last_engaged_at', 'product_lines.max_silence_days'
            )) }}
            and spans.contact_id in (
                select contact_id from {{ relation_of('int_timelines') }}
                where may_qualify
            )

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
    The raw rows of touched contacts, read once, for all models (`touched_rows_are_stored`).
    With them come all rows of what was delivered for several contacts, of which one alone
    has it (A1), and of what news restates: whoever had that before is touched, too.
-#}
{% macro read_touched_rows() -%}
    {%- set activities = relation_of('stg_crm__activities') -%}
    {%- set contacts = relation_of('stg_crm__contacts') -%}
    {%- set delivered_again -%}
        (
            select activity_id from {{ relation_of('int_shared_activities') }}
            union
            select activity_id from touched.news
            where activity_id is not null
        )
    {%- endset -%}
    {%- set known = '(select contact_id from touched.contacts)' -%}
    {%- do run_query(
        'create table ' ~ touched_relation(activities)
        ~ ' as select * from ' ~ activities
        ~ " where coalesce(contact_id, '') in " ~ known
        ~ ' or activity_id in ' ~ delivered_again
    ) -%}
    {%- do run_query(
        'create table touched.restated as select distinct contact_id'
        ~ ' from (' ~ contacts_of_activity_news() ~ ') as named'
        ~ ' where contact_id not in ' ~ known
    ) -%}
    {%- if run_query('select 1 from touched.restated limit 1').rows | length > 0 -%}
        {%- do run_query(
            'insert into ' ~ touched_relation(activities)
            ~ ' select * from ' ~ activities
            ~ ' where contact_id in (select contact_id from touched.restated)'
            ~ ' and (activity_id is null or activity_id not in ' ~ delivered_again ~ ')'
        ) -%}
        {%- do run_query(
            'insert into touched.contacts select contact_id from touched.restated'
        ) -%}
    {%- endif -%}
    {%- do run_query(
        'create table ' ~ touched_relation(contacts)
        ~ ' as select * from ' ~ contacts
        ~ " where coalesce(contact_id, '') in " ~ known
    ) -%}
{%- endmacro %}

{#- Whose the activities are that are news, and whose they were before they were delivered
    again. -#}
{% macro contacts_of_activity_news() -%}
    select contact_id
    from {{ touched_relation(relation_of('stg_crm__activities')) }}
    where activity_id in (select activity_id from touched.news)
{%- endmacro %}

{#- Who loses points for inactivity between P and T. -#}
{% macro losing_points_query() -%}
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
{%- endmacro %}

{#-
    Before int_timelines: contacts of whom what is stored is right as it is, and is seen
    beside the rows of the touched contacts by the models that come now. Those whose
    account came to be one that may ever qualify, or ceased to be, get a timeline or
    lose it; those without one who lose points get another ledger and nothing else.
-#}
{% macro touch_others() -%}
    {%- if is_touched_build() -%}
        {%- set others -%}
            select distinct contact_id
            from (
                select members.contact_id
                from {{ relation_of('int_account_members') }} as members
                inner join (
                    {{ account_timelines_that_changed() }}
                ) as changed
                    on
                        members.definition_id = changed.definition_id
                        and members.account_id = changed.account_id
                        and members.product_line = changed.product_line

                union all

                {{ losing_points_query() }}
            ) as others
            where contact_id not in (select contact_id from touched.contacts)
        {%- endset -%}
        {%- do run_query(keep_what_a_rerun_knows('others', others)) -%}
    {%- endif -%}
{%- endmacro %}

{#-
    Accounts of which something may differ: those with news of their own or of a deal,
    and those for which a half-life crosses what is asked of a contact or of the account;
    and, once it is known (touch_accounts), those to which touched contacts add something
    else than before. A build after one that was interrupted cannot compare all of them,
    and takes every account of a touched contact.
-#}
{% macro touched_accounts_query() -%}
    with found as (

        {%- if is_rerun() %}
        {{ accounts_of_touched_contacts() | indent(8) }}

        union

        {%- endif %}

        {{ account_news_query() | indent(8) }}

        union

        {{ named_by_opportunity_news('account_id') | indent(8) }}

        union

        select account_id
        from {{ relation_of('int_account_contributions') }}
        where {{ since_then('engaged_until') }}

        union

        select standing.account_id
        from {{ relation_of('int_account_qualified_standing') }} as standing
        inner join {{ relation_of('int_product_lines') }} as product_lines
            on
                standing.definition_id = product_lines.definition_id
                and standing.product_line = product_lines.product_line
        where
            standing.valid_to is null
            and standing.half_life_days is not null
            and {{ falls_below_at(
                'standing.score_when_scored',
                'product_lines.account_min_engagement',
                'standing.half_life_days',
                'standing.scored_at',
                'standing.valid_from',
            ) }} <= {{ as_of() }}

    )

    select distinct account_id
    from found
    where account_id is not null
{%- endmacro %}

{#- Accounts that came to be ones that may ever qualify, or ceased to be. -#}
{% macro account_timelines_that_changed() -%}
    {{ differing(
        'touched.account_timelines_before', relation_of('int_account_timelines')
    ) }}
{%- endmacro %}

{% macro accounts_of_touched_contacts() -%}
    select account_id
    from {{ relation_of('int_contact_profiles') }}
    {{ of_touched_contacts() }}
{%- endmacro %}

{#- Before the first model by account. -#}
{% macro touch_accounts() -%}
    {%- if is_touched_build() -%}
        {%- set accounts -%}
            select distinct account_id
            from (
                {%- if is_rerun() %}
                {{ accounts_of_touched_contacts() }}

                union all

                {%- endif %}
                select account_id
                from (
                    {{ differing(
                        'touched.account_contributions_before',
                        '(select * from touched.int_account_contributions '
                        ~ of_touched_contacts() ~ ') as now_added'
                    ) }}
                ) as added_otherwise

                union all

                -- of others only their members' timelines are new (touch_others)
                select account_id
                from (
                    {{ account_timelines_that_changed() }}
                ) as came_or_went
            ) as now_touched
            where account_id is not null
        {%- endset -%}
        {%- do run_query(keep_what_a_rerun_knows('accounts', accounts, 'account_id')) -%}
    {%- endif -%}
{%- endmacro %}

{#-
    Before int_stories: those with other people, or with people who did something. Who is
    touched for another reason, such as points lost by doing nothing, has the same to tell.
-#}
{% macro touch_stories() -%}
    {%- if is_touched_build() -%}
        {%- set stories -%}
            select story_id
            from {{ relation_of('int_story_people') }}
            where contact_id in (
                {{ contacts_of_activity_news() | indent(16) }}
            )

            union

            select story_id
            from (
                {{ differing(
                    'touched.story_people_before', relation_of('int_story_people')
                ) }}
            ) as differing
        {%- endset -%}
        {%- do run_query(keep_what_a_rerun_knows('stories', stories, 'story_id')) -%}
    {%- endif -%}
{%- endmacro %}

{#- The rows that one of two relations has and the other has not. -#}
{% macro differing(one, other) -%}
    (
        select * from {{ one }}
        except
        select * from {{ other }}
    )
    union all
    (
        select * from {{ other }}
        except
        select * from {{ one }}
    )
{%- endmacro %}
