-- Why sales sends leads back, by the month they were awarded.
with outcomes as (

    select * from {{ ref('fct_handoff_outcomes') }}

),

months as (

    select * from {{ ref('int_months') }}

),

rejection_reasons as (

    select * from {{ ref('rejection_reasons') }}

),

review_alerts as (

    select * from {{ ref('review_alerts') }}
    where metric = 'rejection_share'

),

lines as (

    select
        month,
        product_line,
        count(*) as mqls,
        count(rejected_at) as rejections
    from outcomes
    group by month, product_line

),

counted as (

    select
        month,
        product_line,
        rejection_reason,
        count(*) as rejections
    from outcomes
    where rejected_at is not null
    group by month, product_line, rejection_reason

),

shares as (

    select
        months.definition_id,
        counted.product_line,
        counted.rejection_reason,
        counted.rejections,
        lines.rejections as line_rejections,
        lines.mqls,
        {{ rate('counted.rejections', 'lines.rejections') }} as share,
        counted.month
    from counted
    inner join lines
        on
            counted.month = lines.month
            and counted.product_line = lines.product_line
    inner join months
        on counted.month = months.month

),

-- a list, for a definition may warn of one reason at several limits
raised as (

    select
        shares.month,
        shares.product_line,
        shares.rejection_reason,
        {{ joined_text('review_alerts.alert', ', ', 'review_alerts.alert') }} as alert,
        {{ joined_text('review_alerts.remedy', ' ', 'review_alerts.alert') }} as remedy
    from shares
    inner join review_alerts
        on
            shares.definition_id = review_alerts.definition_id
            and shares.rejection_reason = review_alerts.reason_code
            and shares.line_rejections >= review_alerts.minimum_count
    where
        {{ raises_alert(
            'shares.share',
            'review_alerts.comparison',
            'review_alerts.' ~ adapter.quote('limit'),
        ) }}
    group by shares.month, shares.product_line, shares.rejection_reason

),

final as (

    select
        shares.product_line,
        shares.rejection_reason as reason,
        rejection_reasons.label,
        raised.alert,
        raised.remedy,
        cast(shares.rejections as integer) as rejections,
        cast(shares.line_rejections as integer) as line_rejections,
        cast(shares.mqls as integer) as mqls,
        shares.share,
        {{ wilson_bound('shares.rejections', 'shares.line_rejections', '-') }}
            as share_low,
        {{ wilson_bound('shares.rejections', 'shares.line_rejections', '+') }}
            as share_high,
        shares.line_rejections >= {{ var('enough_mqls') }} as is_enough_data,
        shares.month
    from shares
    left join rejection_reasons
        on
            shares.definition_id = rejection_reasons.definition_id
            and shares.rejection_reason = rejection_reasons.reason_code
    left join raised
        on
            shares.month = raised.month
            and shares.product_line = raised.product_line
            and shares.rejection_reason = raised.rejection_reason

)

select * from final
