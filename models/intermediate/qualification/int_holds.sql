{{ config(materialized='table_by_contact') }}

with dispositions as (

    select * from {{ ref('int_line_dispositions') }}

),

direct_requests as (

    select * from {{ ref('int_line_activities') }}
    where is_direct_request

),

profile_changes as (

    select * from {{ ref('int_profile_changes') }}

),

first_requests as (

    select
        dispositions.definition_id,
        dispositions.contact_id,
        dispositions.product_line,
        dispositions.disposed_at,
        min(direct_requests.occurred_at) as requested_at
    from dispositions
    inner join direct_requests
        on
            dispositions.definition_id = direct_requests.definition_id
            and dispositions.contact_id = direct_requests.contact_id
            and dispositions.product_line = direct_requests.product_line
            and dispositions.disposed_at < direct_requests.occurred_at
    where dispositions.is_lifted_by_direct_request
    group by
        dispositions.definition_id,
        dispositions.contact_id,
        dispositions.product_line,
        dispositions.disposed_at

),

first_changes as (

    select
        dispositions.definition_id,
        dispositions.contact_id,
        dispositions.product_line,
        dispositions.disposed_at,
        min(profile_changes.changed_at) as changed_at
    from dispositions
    inner join profile_changes
        on
            dispositions.contact_id = profile_changes.contact_id
            and dispositions.disposed_at < profile_changes.changed_at
    where dispositions.holds_until_profile_change
    group by
        dispositions.definition_id,
        dispositions.contact_id,
        dispositions.product_line,
        dispositions.disposed_at

),

lifted as (

    select
        dispositions.definition_id,
        dispositions.contact_id,
        dispositions.product_line,
        dispositions.disposition_id,
        dispositions.disposed_at as valid_from,
        least(
            case
                when dispositions.holds_until_profile_change
                    then first_changes.changed_at
                else
                    least(
                        {{ add_days(
                            'dispositions.disposed_at', 'dispositions.hold_days'
                        ) }},
                        first_requests.requested_at
                    )
            end,
            -- a later answer replaces the hold of the one before (Q6: the latest)
            dispositions.next_disposed_at
        ) as valid_to
    from dispositions
    left join first_requests
        on
            dispositions.definition_id = first_requests.definition_id
            and dispositions.contact_id = first_requests.contact_id
            and dispositions.product_line = first_requests.product_line
            and dispositions.disposed_at = first_requests.disposed_at
    left join first_changes
        on
            dispositions.definition_id = first_changes.definition_id
            and dispositions.contact_id = first_changes.contact_id
            and dispositions.product_line = first_changes.product_line
            and dispositions.disposed_at = first_changes.disposed_at

),

final as (

    select
        definition_id,
        contact_id,
        product_line,
        disposition_id,
        valid_from,
        valid_to
    from lifted
    where valid_to is null or valid_from < valid_to

)

select * from final
