{{ config(materialized='table_by_contact', contact_key='contact_hash') }}

-- What became of the contact versions that are not in int_contact_profiles. The key of
-- an erased person is a trace of the person, and so is what the source wrote (0005).
with intake as (

    select * from {{ ref('int_contacts_intake') }}
    where
        verdict <> 'accepted'
        -- what the run may not even know of is counted at the source
        and (verdict <> 'not_yet_visible' or loaded_at <= {{ as_of() }})

),

final as (

    select
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
