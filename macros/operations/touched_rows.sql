{#-
    Models of touched rows: whose rows each belong to one contact and follow from what is
    known of that contact alone, of accounts and of rules. They say so with
    `materialized='table_by_contact'` or `'view_by_contact'`, and their SQL knows nothing
    else of incremental builds (docs/decisions/0011-only-touched-contacts.md):

    - in a full build they are tables and views like any other;
    - in an incremental build the same SQL runs on the contacts that were touched, since
      what it reads by `ref` is then a relation of the schema `touched` with just their
      rows; in a table these take the place of the rows the contacts had.

    `_by_account` and `_by_story` are the same for accounts and for stories. What these
    read of contacts is stored by then, and `where_touched_key('account_id')` (or
    `'story_id'`) picks from it.
-#}

{#- Whether the build at work makes only what belongs to touched contacts anew. -#}
{% macro is_touched_build() -%}
    {#- a unit test has no graph -#}
    {%- if not execute or flags.WHICH not in ('build', 'run')
        or model.get('reads_everybody') or not graph.get('nodes') -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set build = this_build() -%}
    {{ return(build is not none and not build.is_full and build.selects_every_model) }}
{%- endmacro %}

{% macro selects_every_model() -%}
    {{ return(project_nodes('model') | reject('in', selected_resources) | list == []) }}
{%- endmacro %}

{#- Whether some of these models were selected and not all: those are made whole, and
    what they leave is a mixture that only a full build mends. -#}
{% macro remakes_some_whole() -%}
    {%- set some = models_of_touched_rows() | map(attribute='unique_id')
        | select('in', selected_resources) | list -%}
    {{ return(some != [] and not selects_every_model()) }}
{%- endmacro %}

{#- Whose rows a model holds: `contact`, `account`, `story`; blank for any other model. -#}
{% macro rows_of(node) -%}
    {{ return((node.config.materialized or '').partition('_by_')[2]) }}
{%- endmacro %}

{#- The nodes of the models of touched rows; other projects' builds may have none. -#}
{% macro models_of_touched_rows() -%}
    {%- set found = [] -%}
    {%- for node in graph.nodes.values()
        if node.resource_type == 'model' and rows_of(node) -%}
        {%- do found.append(node) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- Whether each is in the warehouse. A table that is made anew takes the views on it along
    on PostgreSQL; a build that is killed before these are made leaves none. -#}
{% macro models_of_touched_rows_are_there() -%}
    {%- for node in models_of_touched_rows() if not load_relation(relation_of(node.name)) -%}
        {{ return(false) }}
    {%- endfor -%}
    {{ return(true) }}
{%- endmacro %}

{#- dbt's own, but that a model by contact reads the touched rows of another one, a model
    by account those of another by account. -#}
{% macro ref() -%}
    {%- set named = varargs | list -%}
    {%- set relation = builtins.ref(*named, **kwargs) -%}
    {%- if execute and model.resource_type == 'model' and rows_of(model) -%}
        {%- set wanted = 'model.' ~ project_name ~ '.' ~ named[-1] -%}
        {%- if wanted in graph.nodes
            and rows_of(graph.nodes[wanted]) == rows_of(model)
            and is_touched_build() -%}
            {{ return(touched_relation(relation)) }}
        {%- endif -%}
    {%- endif -%}
    {{ return(relation) }}
{%- endmacro %}

{#- Where the touched rows of a model are during an incremental build. -#}
{% macro touched_relation(relation) -%}
    {{ return(api.Relation.create(
        database=relation.database, schema='touched', identifier=relation.identifier
    )) }}
{%- endmacro %}

{#- Where the rows of the touched contacts alone are, if others' are seen beside them. -#}
{% macro made_relation(relation) -%}
    {%- set seen = touched_relation(relation) -%}
    {{ return(seen.incorporate(path={'identifier': seen.identifier ~ '_made'})) }}
{%- endmacro %}

{#- The touched contacts themselves. Those with new timelines beside them are touched
    from int_timelines on, see touch_others. -#}
{% macro touched_contacts(everybody=false) -%}
    {%- if everybody or comes_after(model, 'int_timelines') -%}
        (
            select contact_id from touched.contacts
            union all
            select contact_id from touched.others
        ) as touched_contacts
    {%- else -%}
        touched.contacts
    {%- endif -%}
{%- endmacro %}

{#- Whether models from int_timelines on read of a table also what it holds of others
    than the touched contacts (touch_others). -#}
{% macro has_others_beside(node) -%}
    {{ return(
        node.config.materialized == 'table_by_contact'
        and node.config.get('contact_key') != 'contact_hash'
        and node.name != 'int_timelines'
        and comes_after(
            graph.nodes['model.' ~ project_name ~ '.int_timelines'], node.name
        )
    ) }}
{%- endmacro %}

{#- Whether a model is made from another one, at whatever remove, or is that one. -#}
{% macro comes_after(model_node, name) -%}
    {%- set wanted = 'model.' ~ project_name ~ '.' ~ name -%}
    {%- set names = [model_node.unique_id] -%}
    {#- the list grows while it is walked -#}
    {%- for unique_id in names -%}
        {%- for parent in graph.nodes[unique_id].depends_on.nodes
            if parent.startswith('model.') and parent not in names -%}
            {%- do names.append(parent) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(wanted in names) }}
{%- endmacro %}

{#- A condition on stored rows, after `from`, for a model by account or by story: those
    that are touched. Blank in a full build. -#}
{% macro where_touched_key(key) -%}
    {%- if is_touched_build() -%}
        where {{ is_touched(key) }}
    {%- endif -%}
{%- endmacro %}

{% macro is_touched(key) -%}
    {%- set touched_ids = {
        'contact_id': touched_contacts(),
        'account_id': 'touched.accounts',
        'story_id': 'touched.stories',
    } -%}
    {{ key }} in (select {{ key }} from {{ touched_ids[key] }})
{%- endmacro %}

{% materialization view_by_contact, default %}
    {{ return(view_of_touched_rows()) }}
{% endmaterialization %}

{% materialization view_by_account, default %}
    {{ return(view_of_touched_rows()) }}
{% endmaterialization %}

{% materialization view_by_story, default %}
    {{ return(view_of_touched_rows()) }}
{% endmaterialization %}

{% materialization table_by_contact, default %}
    {{ return(table_of_touched_rows()) }}
{% endmaterialization %}

{% materialization table_by_account, default %}
    {{ return(table_of_touched_rows()) }}
{% endmaterialization %}

{% materialization table_by_story, default %}
    {{ return(table_of_touched_rows()) }}
{% endmaterialization %}

{% macro view_of_touched_rows() %}
    {%- if not is_touched_build() -%}
        {%- set own = 'materialization_view_' ~ adapter.type() -%}
        {{ return(context.get(own, materialization_view_default)()) }}
    {%- endif -%}
    {%- set relation = touched_relation(this) -%}
    {{ run_hooks(pre_hooks) }}
    {#- raw rows were read when the build began (read_touched_rows) -#}
    {%- if not config.get('touched_rows_are_stored', false) %}
    {% call statement('touched') -%}
        create or replace view {{ relation }} as
        {{ sql }}
    {%- endcall %}
    {%- endif %}
    {#- the view of everybody is as it was, but for the moment of the run -#}
    {%- do model.update({'reads_everybody': true}) -%}
    {% call statement('main') -%}
        create or replace view {{ this }} as
        {{ render(model.raw_code) }}
    {%- endcall %}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({'relations': [this]}) }}
{% endmacro %}

{% macro table_of_touched_rows() %}
    {%- if not is_touched_build() -%}
        {%- set own = 'materialization_table_' ~ adapter.type() -%}
        {{ return(context.get(own, materialization_table_default)()) }}
    {%- endif -%}
    {%- set seen = touched_relation(this) -%}
    {%- set relation = made_relation(this) if has_others_beside(model) else seen -%}
    {%- set key = config.get('contact_key', rows_of(model) ~ '_id') -%}
    {%- set names = [] -%}
    {%- for column in adapter.get_columns_in_relation(this) -%}
        {%- do names.append(column.name) -%}
    {%- endfor -%}
    {%- set columns = names | join(', ') -%}
    {{ run_hooks(pre_hooks) }}
    {#- what it reads beside contacts, such as answers, is about everybody -#}
    {% call statement('touched') -%}
        create table {{ relation }} as
        {%- if has_touched_keys(key) %}
        select *
        from (
            {{ sql }}
        ) as made
        where {{ touched_keys(key, relation) }}
        {%- else %}
        {{ sql }}
        {%- endif %}
    {%- endcall %}
    {% call statement('forget') -%}
        delete from {{ this }}
        where {{ touched_keys(key, relation) }}
    {%- endcall %}
    {% call statement('main') -%}
        insert into {{ this }} ({{ columns }})
        select {{ columns }} from {{ relation }}
    {%- endcall %}
    {%- if has_others_beside(model) %}
    {% call statement('others_beside') -%}
        create view {{ seen }} as
        select {{ columns }} from {{ relation }}
        union all
        select {{ columns }} from {{ this }}
        where
            {%- if key == 'contact_id' %}
            contact_id in (select contact_id from touched.others)
            {%- else %}
            -- of what is nobody's, such as a page, they may need any row
            {{ key }} not in (select {{ key }} from {{ relation }})
            {%- endif %}
    {%- endcall %}
    {%- endif %}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({'relations': [this]}) }}
{% endmacro %}

{#- Whether a model's key tells whose a row is; a page is nobody's. -#}
{% macro has_touched_keys(key) -%}
    {{ return(key in [rows_of(model) ~ '_id', 'contact_hash']) }}
{%- endmacro %}

{#- Which rows are replaced. A hash stands for the contact where an erased one is
    counted. -#}
{% macro touched_keys(key, relation) -%}
    {%- if key == rows_of(model) ~ '_id' -%}
        {{ is_touched(key) }}
    {%- elif key == 'contact_hash' -%}
        contact_hash in (
            select {{ dbt.hash('contact_id') }} from {{ touched_contacts() }}
        )
    {%- else -%}
        {{ key }} in (select {{ key }} from {{ relation }})
    {%- endif -%}
{%- endmacro %}
