-- How many leads a month sales can work: each active rep's own capacity, and where a
-- rep has none the definition's figure for one (the alert that warns above it).
with definitions as (

    select * from {{ ref('int_definitions') }}

),

active_reps as (

    select * from {{ ref('int_active_reps') }}

),

review_alerts as (

    select * from {{ ref('review_alerts') }}
    where metric = 'mqls_per_rep'

),

standards as (

    select
        definitions.definition_id,
        max(
            case
                when review_alerts.comparison = 'above'
                    then review_alerts.{{ adapter.quote('limit') }}
            end
        ) as most_leads_per_rep,
        min(
            case
                when review_alerts.comparison = 'below'
                    then review_alerts.{{ adapter.quote('limit') }}
            end
        ) as least_leads_per_rep
    from definitions
    left join review_alerts
        on definitions.definition_id = review_alerts.definition_id
    group by definitions.definition_id

),

team as (

    select
        standards.definition_id,
        standards.most_leads_per_rep,
        standards.least_leads_per_rep,
        count(active_reps.rep_id) as reps,
        -- unknown as soon as it is unknown of one rep
        case
            when
                count(
                    coalesce(
                        active_reps.monthly_capacity, standards.most_leads_per_rep
                    )
                ) = count(*)
                then sum(
                    coalesce(
                        active_reps.monthly_capacity, standards.most_leads_per_rep
                    )
                )
        end as capacity
    from standards
    cross join active_reps
    group by
        standards.definition_id,
        standards.most_leads_per_rep,
        standards.least_leads_per_rep

),

final as (

    select
        definition_id,
        cast(reps as integer) as reps,
        cast(capacity as {{ type_double() }}) as capacity,
        -- a rep whose own capacity is half the usual one is half a rep to an alarm
        cast(
            coalesce(capacity / nullif(most_leads_per_rep, 0), reps)
            as {{ type_double() }}
        ) as standard_reps,
        cast(
            capacity * least_leads_per_rep / nullif(most_leads_per_rep, 0)
            as {{ type_double() }}
        ) as least_leads
    from team

)

select * from final
