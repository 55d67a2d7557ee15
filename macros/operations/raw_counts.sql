{#-
    How many raw rows there were at the last build, and are now, of those it could know.
    A row that turns up later with a `loaded_at` the build should have seen, or one that
    is gone or was changed without a new `loaded_at`, makes the next build a full one.
-#}

{% macro raw_tables() -%}
    {{ return([
        'contacts', 'accounts', 'activities', 'dispositions', 'opportunities',
        'service_contracts', 'sales_reps',
    ]) }}
{%- endmacro %}

{#- One row per raw table: rows loaded by a moment, and a sum that tells replaced ones. -#}
{% macro raw_counts_query(moment) -%}
    {%- for table in raw_tables() %}
    {{- 'union all' if not loop.first }}
    select
        '{{ table }}' as source_table,
        cast(count(*) as bigint) as rows_loaded,
        cast(coalesce(sum(mod({{ epoch_us('loaded_at') }}, 1000003)), 0) as bigint)
            as loaded_at_sum,
        {{ moment }} as counted_at
    from {{
        ref('stg_crm__' ~ table) if model.resource_type == 'model'
        else relation_of('stg_crm__' ~ table)
    }}
    where loaded_at <= {{ moment }}
    {% endfor -%}
{%- endmacro %}

{#- The raw tables whose past is not what the last build saw, in a list. -#}
{% macro rewritten_raw_tables() -%}
    {%- if not models_of_touched_rows() -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set counted = load_relation(relation_of('int_raw_counts')) -%}
    {%- if not counted -%}
        {{ return(raw_tables()) }}
    {%- endif -%}
    {%- set moment -%}
        (select max(counted_at) from {{ counted }})
    {%- endset -%}
    {%- set query -%}
        select raw_now.source_table
        from (
            {{ raw_counts_query(moment) }}
        ) as raw_now
        left join {{ counted }} as counted
            on
                raw_now.source_table = counted.source_table
                and raw_now.rows_loaded = counted.rows_loaded
                and raw_now.loaded_at_sum = counted.loaded_at_sum
        where counted.source_table is null
    {%- endset -%}
    {{ return(run_query(query).columns[0].values() | list) }}
{%- endmacro %}
