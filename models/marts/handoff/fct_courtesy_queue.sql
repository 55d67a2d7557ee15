{{ config(materialized='view') }}

-- Who asked for us without qualifying and waits for an answer; longest overdue first.
with requests as (

    select * from {{ ref('fct_direct_requests') }}
    where courtesy_status = 'open'

),

contacts as (

    select * from {{ ref('dim_contacts') }}

),

reps as (

    select * from {{ ref('int_sales_reps_intake') }}
    where verdict = 'accepted'

),

final as (

    select
        requests.activity_id,
        requests.contact_id,
        requests.account_id,
        requests.rep_id,
        requests.product_line,
        contacts.first_name,
        contacts.last_name,
        contacts.job_title,
        contacts.email,
        contacts.phone,
        requests.activity_type,
        requests.asset_name,
        requests.territory,
        requests.routed_by,
        requests.failing_gate,
        reps.rep_name,
        reps.rep_email,
        requests.courtesy_sla_status as sla_status,
        cast(
            row_number() over (
                order by
                    requests.courtesy_due_at, {{ byte_order('requests.activity_id') }}
            ) as integer
        ) as place,
        requests.occurred_at,
        requests.courtesy_due_at as sla_due_at
    from requests
    inner join contacts
        on requests.contact_id = contacts.contact_id
    left join reps
        on requests.rep_id = reps.rep_id

)

select * from final
