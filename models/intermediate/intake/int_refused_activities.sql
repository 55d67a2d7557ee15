{{ config(materialized='table_by_contact', contact_key='contact_hash') }}

-- What became of the activities that are not in int_activities; of those of an erased
-- contact little but the fact is kept (decision 0005).
with intake as (

    select * from {{ ref('int_activities_intake') }}
    where
        verdict <> 'accepted'
        -- what the run may not even know of is counted at the source
        and (verdict <> 'not_yet_visible' or loaded_at <= {{ as_of() }})

),

final as (

    select
        case
            when not is_erased or verdict in {{ text_list(quarantine_reasons()) }}
                then activity_id
        end as activity_id,
        case when not is_erased then contact_id end as contact_id,
        -- stands for whoever must not be named
        {{ dbt.hash("coalesce(contact_id, '')") }} as contact_hash,
        verdict,
        case
            when not is_erased and verdict in {{ text_list(quarantine_reasons()) }}
                then raw_record
        end as raw_record,
        loaded_at
    from intake

)

select * from final
