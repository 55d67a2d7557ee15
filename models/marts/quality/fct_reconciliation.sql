with verdicts as (

    select
        'activities' as source_table,
        'accepted' as verdict,
        count(*) as row_count
    from {{ ref('int_activities') }}

    union all

    select
        'activities' as source_table,
        verdict,
        count(*) as row_count
    from {{ ref('int_refused_activities') }}
    group by verdict

    union all

    select
        'contacts' as source_table,
        'accepted' as verdict,
        count(*) as row_count
    from {{ ref('int_contact_profiles') }}

    union all

    select
        'contacts' as source_table,
        verdict,
        count(*) as row_count
    from {{ ref('int_refused_contacts') }}
    group by verdict

    union all

    -- sound rows that the run may not know of; the others of that kind are refused
    select
        'activities' as source_table,
        'not_yet_visible' as verdict,
        count(*) as row_count
    from {{ ref('stg_crm__activities') }}
    where
        loaded_at > {{ as_of() }}
        and activity_id is not null
        and contact_id is not null
        and occurred_at is not null

    union all

    select
        'contacts' as source_table,
        'not_yet_visible' as verdict,
        count(*) as row_count
    from {{ ref('stg_crm__contacts') }}
    where
        loaded_at > {{ as_of() }}
        and contact_id is not null
        and updated_at is not null
        and created_at is not null
    {%- for source_table in [
        'accounts',
        'dispositions',
        'opportunities',
        'service_contracts',
        'sales_reps',
    ] %}

    union all

    select
        '{{ source_table }}' as source_table,
        verdict,
        count(*) as row_count
    from {{ ref('int_' ~ source_table ~ '_intake') }}
    group by verdict
    {%- endfor %}

),

-- counted at the source itself, so that a row lost on the way would show
raw_counts as (

    {%- for source_table in [
        'contacts',
        'accounts',
        'activities',
        'dispositions',
        'opportunities',
        'service_contracts',
        'sales_reps',
    ] %}
    {%- if not loop.first %}

    union all
    {% endif %}
    select
        '{{ source_table }}' as source_table,
        count(*) as rows_raw
    from {{ ref('stg_crm__' ~ source_table) }}
    {%- endfor %}

),

by_table as (

    select
        source_table,
        sum(case when verdict = 'accepted' then row_count else 0 end)
            as rows_accepted,
        sum(case when verdict = 'duplicate' then row_count else 0 end)
            as rows_duplicate,
        sum(
            case
                when verdict in {{ text_list(quarantine_reasons()) }} then row_count
                else 0
            end
        ) as rows_quarantined,
        sum(
            case when verdict = 'not_yet_visible' then row_count else 0 end
        ) as rows_not_yet_visible,
        sum(case when verdict = 'erased' then row_count else 0 end) as rows_erased
    from verdicts
    group by source_table

),

final as (

    select
        raw_counts.source_table,
        cast(raw_counts.rows_raw as bigint) as rows_raw,
        cast(coalesce(by_table.rows_accepted, 0) as bigint) as rows_accepted,
        cast(coalesce(by_table.rows_duplicate, 0) as bigint) as rows_duplicate,
        cast(coalesce(by_table.rows_quarantined, 0) as bigint) as rows_quarantined,
        cast(coalesce(by_table.rows_not_yet_visible, 0) as bigint)
            as rows_not_yet_visible,
        cast(coalesce(by_table.rows_erased, 0) as bigint) as rows_erased
    from raw_counts
    left join by_table
        on raw_counts.source_table = by_table.source_table

)

select * from final
