with refused as (

    {%- for source_table, key in [
        ('contacts', 'contact_id'),
        ('accounts', 'account_id'),
        ('activities', 'activity_id'),
        ('dispositions', 'disposition_id'),
        ('opportunities', 'opportunity_id'),
        ('service_contracts', 'contract_id'),
        ('sales_reps', 'rep_id'),
    ] %}
    {%- if not loop.first %}

    union all
    {% endif %}
    select
        '{{ source_table }}' as source_table,
        {{ key }} as record_key,
        verdict as reason,
        {%- if source_table in ('dispositions', 'opportunities') %}
        -- what the source wrote about an erased person is a trace of the person
        case when not is_erased then raw_record end as raw_record,
        {%- else %}
        raw_record,
        {%- endif %}
        loaded_at
    from {{ ref(
        'int_refused_' ~ source_table if source_table in ('contacts', 'activities')
        else 'int_' ~ source_table ~ '_intake'
    ) }}
    where verdict in {{ text_list(quarantine_reasons()) }}
    {%- endfor %}

),

final as (

    select
        source_table,
        record_key,
        reason,
        raw_record,
        loaded_at
    from refused

)

select * from final
