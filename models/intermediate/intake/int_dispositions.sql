with intake as (

    select * from {{ ref('int_dispositions_intake') }}

),

final as (

    select
        disposition_id,
        contact_id,
        account_id,
        rep_id,
        product_line,
        outcome,
        reason_code,
        reason_text,
        disposed_at,
        loaded_at
    from intake
    -- what a rep answered about an erased person goes with the person
    where verdict = 'accepted' and not is_erased

)

select * from final
