-- Every official MQL of a contact is handed over (H1), and nothing is that is neither
-- official nor asked for by its contact.
with mqls as (

    select * from {{ ref('fct_mqls') }}

),

handoffs as (

    select * from {{ ref('fct_mql_handoffs') }}
    where handoff_type = 'contact'

),

final as (

    select
        mqls.mql_id,
        handoffs.handoff_id
    from mqls
    left join handoffs
        on mqls.mql_id = handoffs.mql_id
    where
        (mqls.is_official and handoffs.mql_id is null)
        or (
            not mqls.is_official
            and handoffs.mql_id is not null
            and handoffs.handed_over_at = handoffs.mql_at
            and handoffs.trigger_type <> 'direct_request'
        )

)

select * from final
