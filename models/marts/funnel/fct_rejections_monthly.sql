-- Why sales sends leads back, by the month they were awarded.
with outcomes as (

    select * from {{ ref('fct_handoff_outcomes') }}

),

definitions as (

    select * from {{ ref('int_definitions') }}
    where
        official_from <= {{ as_of() }}
        and {{ as_of() }} < {{ until('official_until') }}

),

reasons as (

    select rejection_reasons.*
    from {{ ref('rejection_reasons') }} as rejection_reasons
    inner join definitions
        on rejection_reasons.definition_id = definitions.definition_id

),

alerts as (

    select review_alerts.*
    from {{ ref('review_alerts') }} as review_alerts
    inner join definitions
        on review_alerts.definition_id = definitions.definition_id
    where review_alerts.metric = 'rejection_share'

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
    where rejection_reason is not null
    group by month, product_line, rejection_reason

),

final as (

    select
        counted.product_line,
        counted.rejection_reason as reason,
        reasons.label,
        case
            when
                lines.rejections >= alerts.minimum_count
                and cast(counted.rejections as double precision) / lines.rejections
                >= alerts.{{ adapter.quote('limit') }}
                then alerts.alert
        end as alert,
        case
            when
                lines.rejections >= alerts.minimum_count
                and cast(counted.rejections as double precision) / lines.rejections
                >= alerts.{{ adapter.quote('limit') }}
                then alerts.remedy
        end as remedy,
        cast(counted.rejections as integer) as rejections,
        cast(lines.rejections as integer) as line_rejections,
        cast(lines.mqls as integer) as mqls,
        {{ rate('counted.rejections', 'lines.rejections') }} as share,
        counted.month
    from counted
    inner join lines
        on
            counted.month = lines.month
            and counted.product_line = lines.product_line
    left join reasons
        on counted.rejection_reason = reasons.reason_code
    left join alerts
        on counted.rejection_reason = alerts.reason_code

)

select * from final
