-- Every month from the first official MQL to the moment of the run, those without one
-- among them: a month in which nothing came is news.
with conversations as (

    select * from {{ ref('int_conversations') }}
    where is_official

),

account_handoffs as (

    select * from {{ ref('int_account_handoffs') }}

),

definitions as (

    select * from {{ ref('int_definitions') }}

),

mqls as (

    select mql_at from conversations

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

months as (

    select
        cast(
            {{ dbt.dateadd('month', 'cast(number - 1 as integer)', 'first_month') }}
            as date
        ) as month
    from numbered

),

ended as (

    select
        month,
        cast({{ dbt.dateadd('month', 1, 'month') }} as timestamp) as ends_at
    from months

),

final as (

    select
        definitions.definition_id,
        ended.ends_at <= {{ as_of() }} as is_over,
        {{ add_days('ended.ends_at', var('acceptance_mature_days')) }} <= {{ as_of() }}
            as is_acceptance_mature,
        {{ add_days('ended.ends_at', var('outcome_mature_days')) }} <= {{ as_of() }}
            as is_outcome_mature,
        ended.month,
        ended.ends_at
    from ended
    -- its last instant is still the month's own; a running month is as it is now
    inner join definitions
        on
            definitions.official_from
            <= least({{ add_microseconds('ended.ends_at', '-1') }}, {{ as_of() }})
            and least({{ add_microseconds('ended.ends_at', '-1') }}, {{ as_of() }})
            < {{ until('definitions.official_until') }}

)

select * from final
