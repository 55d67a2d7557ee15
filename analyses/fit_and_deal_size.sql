-- Do higher fit scores close larger deals?
--
-- Deals won with a known amount, by the fit score of the MQL they are credited to. The
-- last row has the rank correlation (Spearman) of fit and amount with its 95% interval
-- (Fisher), in hundredths: of ranks, for one huge deal must not decide it.
with funnel as (

    select * from {{ ref('fct_mql_funnel') }}
    where fit_score is not null

),

opportunities as (

    select * from {{ ref('int_mql_opportunities') }}
    where is_won and closed_at is not null and amount_usd is not null

),

deals as (

    select
        funnel.fit_band,
        funnel.fit_score,
        opportunities.amount_usd,
        -- equal ones share the middle of their ranks
        rank() over (order by funnel.fit_score)
        + (count(*) over (partition by funnel.fit_score) - 1) / 2.0 as fit_rank,
        rank() over (order by opportunities.amount_usd)
        + (count(*) over (partition by opportunities.amount_usd) - 1) / 2.0
            as amount_rank
    from opportunities
    inner join funnel
        on opportunities.mql_id = funnel.mql_id

),

summed as (

    select
        fit_band,
        min(fit_score) as lowest_fit,
        count(*) as deals,
        avg(amount_usd) as average_usd,
        {{ median('amount_usd') }} as median_usd,
        cast(null as {{ type_double() }}) as rank_correlation
    from deals
    group by fit_band

    union all

    select
        'all' as fit_band,
        cast(null as {{ type_double() }}) as lowest_fit,
        count(*) as deals,
        avg(amount_usd) as average_usd,
        {{ median('amount_usd') }} as median_usd,
        corr(fit_rank, amount_rank) as rank_correlation
    from deals

),

-- Fisher: it is ln((1 + r) / (1 - r)) / 2 that has a margin of z / √(n - 3)
transformed as (

    select
        *,
        case
            when deals > 3 and abs(rank_correlation) < 1
                then ln((1 + rank_correlation) / (1 - rank_correlation)) / 2
        end as z,
        case
            when deals > 3
                then 1.959963984540054 / sqrt(cast(deals - 3 as {{ type_double() }}))
        end as margin
    from summed

),

bounded as (

    select
        *,
        1 - 2 / (exp(2 * (z - margin)) + 1) as bound_low,
        1 - 2 / (exp(2 * (z + margin)) + 1) as bound_high
    from transformed

)

select
    fit_band,
    cast(deals as integer) as deals,
    cast(round(average_usd) as integer) as average_deal_usd,
    cast(round(median_usd) as integer) as median_deal_usd,
    {{ hundredths('rank_correlation') }} || ' ('
    || {{ hundredths('bound_low') }} || ' to '
    || {{ hundredths('bound_high') }} || ')' as correlation_of_ranks,
    case
        when fit_band = 'all'
            then {{ verdict(
                'deals', 'bound_low', 'bound_high',
                'higher fit, larger deals', 'higher fit, smaller deals'
            ) }}
    end as verdict
from bounded
order by case when fit_band = 'all' then 1 else 0 end, lowest_fit
