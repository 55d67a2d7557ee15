-- What is open at an account now, for whoever calls there: the latest, and how many.
with opportunities as (

    select * from {{ ref('int_opportunities') }}
    where
        account_id is not null
        and (closed_at is null or {{ as_of() }} < closed_at)

),

ranked as (

    select
        account_id,
        opportunity_id,
        stage,
        count(*) over (partition by account_id) as open_opportunities,
        row_number() over (
            partition by account_id
            order by created_at desc, {{ byte_order('opportunity_id') }}
        ) as recency
    from opportunities

),

final as (

    select
        account_id,
        opportunity_id,
        stage,
        cast(open_opportunities as integer) as open_opportunities
    from ranked
    where recency = 1

)

select * from final
