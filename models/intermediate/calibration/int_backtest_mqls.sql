-- Each definition's MQLs that are old enough to tell, whether official or not, and what
-- became of them within so many days.
with mqls as (

    select
        {{ mql_id('int_mqls', 'contact_id') }} as mql_id,
        int_mqls.*,
        {{ add_days('int_mqls.mql_at', var('outcome_mature_days')) }} as judged_at
    from {{ ref('int_mqls') }} as int_mqls
    where {{ add_days('int_mqls.mql_at', var('outcome_mature_days')) }} <= {{ as_of() }}

),

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

handoffs as (

    select * from {{ ref('int_handoffs') }}
    where handoff_type = 'contact'

),

converted as (

    select distinct mqls.mql_id
    from mqls
    inner join opportunities
        on
            mqls.contact_id = opportunities.contact_id
            and {{ counts_for_line('opportunities.product_line', 'mqls.product_line') }}
            and mqls.mql_at <= opportunities.created_at
            and opportunities.created_at <= mqls.judged_at

),

-- in the hands of sales at some time in the days that are judged, or as many before
in_hand as (

    select
        mqls.mql_id,
        max(case when handoffs.status = 'accepted' then 1 else 0 end) as accepted
    from mqls
    inner join handoffs
        on
            mqls.contact_id = handoffs.contact_id
            and {{ add_days('mqls.mql_at', -var('outcome_mature_days')) }}
            < handoffs.handed_over_at
            and handoffs.handed_over_at <= mqls.judged_at
    group by mqls.mql_id

),

final as (

    select
        mqls.mql_id,
        mqls.definition_id,
        mqls.contact_id,
        mqls.product_line,
        in_hand.mql_id is not null as was_handed_over,
        coalesce(in_hand.accepted = 1, false) as was_accepted,
        converted.mql_id is not null as has_converted,
        mqls.mql_at
    from mqls
    left join in_hand
        on mqls.mql_id = in_hand.mql_id
    left join converted
        on mqls.mql_id = converted.mql_id

)

select * from final
