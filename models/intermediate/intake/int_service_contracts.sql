with intake as (

    select * from {{ ref('int_service_contracts_intake') }}

),

final as (

    select
        contract_id,
        account_id,
        provider,
        starts_on,
        ends_on
    from intake
    where verdict = 'accepted'

)

select * from final
