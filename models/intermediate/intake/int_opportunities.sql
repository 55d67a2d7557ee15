with intake as (

    select * from {{ ref('int_opportunities_intake') }}

),

final as (

    select
        opportunity_id,
        account_id,
        contact_id,
        product_line,
        stage,
        amount_usd,
        is_won,
        created_at,
        closed_at,
        loaded_at
    from intake
    where verdict = 'accepted'

)

select * from final
