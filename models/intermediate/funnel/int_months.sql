-- Every month from the first official MQL to the moment of the run, those without one
-- among them: a month in which nothing came is news.
with conversations as (

    select * from {{ ref('int_conversations') }}

),

account_handoffs as (

    select * from {{ ref('int_account_handoffs') }}

),

mqls as (

    select mql_at from conversations
    where is_official

    union all

    select mql_at from account_handoffs

),

span as (

    select
        min({{ month_of('mql_at') }}) as first_month,
        {{ dbt.datediff(
            'min(' ~ month_of('mql_at') ~ ')', month_of(as_of()), 'month'
        ) }} + 1 as months
    from mqls

),

numbered as (

    {{ numbered('span', 'months') }}

),

final as (

    select
        cast({{ dbt.dateadd('month', 'cast(number - 1 as integer)', 'first_month') }} as date)
            as month
    from numbered

)

select * from final
