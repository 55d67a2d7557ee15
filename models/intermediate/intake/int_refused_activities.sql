-- What became of the activities that are not in int_activities; of those of an erased
-- contact little but the fact is kept (decision 0005).
with intake as (

    select * from {{ ref('int_activities_intake') }}
    where verdict <> 'accepted'

),

final as (

    select
        case
            when not is_erased or verdict in {{ text_list(quarantine_reasons()) }}
                then activity_id
        end as activity_id,
        verdict,
        case
            when not is_erased and verdict in {{ text_list(quarantine_reasons()) }}
                then raw_record
        end as raw_record,
        loaded_at
    from intake

)

select * from final
