-- What sales said about each MQL: when first of each, and the reason of the first
-- rejection.
with answers as (

    select * from {{ ref('int_mql_answers') }}

),

ranked as (

    select
        mql_id,
        reason_code,
        row_number() over (
            partition by mql_id
            order by disposed_at, {{ byte_order('disposition_id') }} desc
        ) as place
    from answers
    where outcome = 'rejected'

),

responses as (

    select
        mql_id,
        min(disposed_at) as first_response_at,
        min(case when outcome = 'accepted' then disposed_at end) as accepted_at,
        min(case when outcome = 'rejected' then disposed_at end) as rejected_at
    from answers
    group by mql_id

),

final as (

    select
        responses.mql_id,
        ranked.reason_code as rejection_reason,
        responses.first_response_at,
        responses.accepted_at,
        responses.rejected_at
    from responses
    left join ranked
        on
            responses.mql_id = ranked.mql_id
            and ranked.place = 1

)

select * from final
