-- "Do MQLs with higher fit scores close larger deals?" Won hand-overs by band of fit,
-- of all product lines; the bounds are the mean's, at 95%, and wide where few were won.
with won as (

    select
        fit_band,
        won_amount_usd
    from {{ ref('fct_handoff_outcomes') }}
    where is_outcome_mature and won_at is not null and fit_band is not null

),

measured as (

    select
        fit_band,
        count(*) as deals,
        avg(won_amount_usd) as average_deal_usd,
        {{ median('won_amount_usd') }} as median_deal_usd,
        1.96 * stddev_samp(won_amount_usd) / sqrt(count(*)) as margin_usd
    from won
    group by fit_band

),

final as (

    select
        fit_band,
        deals,
        round(cast(average_deal_usd as decimal(18, 2)), 0) as average_deal_usd,
        round(cast(median_deal_usd as decimal(18, 2)), 0) as median_deal_usd,
        round(cast(average_deal_usd - margin_usd as decimal(18, 2)), 0)
            as average_deal_low,
        round(cast(average_deal_usd + margin_usd as decimal(18, 2)), 0)
            as average_deal_high,
        case
            when min(deals) over () < {{ var('enough_mqls') }}
                then 'too little data to tell'
            when
                max(average_deal_usd - margin_usd) over ()
                > min(average_deal_usd + margin_usd) over ()
                then 'a difference, at 95%'
            else 'no difference that could not be chance'
        end as how_sure
    from measured

)

select * from final
order by fit_band
