{{ config(materialized='table_by_contact') }}

-- Where the contact of a direct request worked then, and what kept it from an MQL.
with requests as (

    select * from {{ ref('int_direct_requests') }}

),

fit_scores as (

    select * from {{ ref('int_fit_scores') }}
    where product_line = 'general'

),

standing as (

    select * from {{ ref('int_contact_standing') }}

),

standing_then as (

    select
        requests.activity_id,
        standing.*
    from requests
    inner join standing
        on
            requests.definition_id = standing.definition_id
            and requests.contact_id = standing.contact_id
            and requests.product_line = standing.product_line
            and standing.valid_from <= requests.occurred_at
            and requests.occurred_at < {{ until('standing.valid_to') }}

),

failing as (

    select
        activity_id,
        {{ first_failing_gate() }} as failing_gate
    from standing_then

),

placed as (

    select
        requests.activity_id,
        requests.definition_id,
        requests.contact_id,
        fit_scores.account_id,
        fit_scores.specialty,
        fit_scores.country,
        fit_scores.state
    from requests
    left join fit_scores
        on
            requests.definition_id = fit_scores.definition_id
            and requests.contact_id = fit_scores.contact_id
            and fit_scores.valid_from <= requests.occurred_at
            and requests.occurred_at < {{ until('fit_scores.valid_to') }}

),

final as (

    select
        placed.activity_id,
        placed.contact_id,
        placed.account_id,
        placed.specialty,
        {{ territory() }} as territory,
        failing.failing_gate
    from placed
    {{ territory_joins('placed') }}
    left join failing
        on placed.activity_id = failing.activity_id

)

select * from final
