-- The contact's version, its account's version and the state of the account's service
-- contracts, cut where any of them changes.
{{ config(materialized='view_by_contact') }}

with contact_profiles as (

    select * from {{ ref('int_contact_profiles') }}

),

account_profiles as (

    select * from {{ ref('int_account_profiles') }}

),

service_states as (

    select * from {{ ref('int_service_states') }}

),

product_lines as (

    select
        definition_id,
        product_line
    from {{ ref('int_product_lines') }}

),

{{ config(materialized='view_by_contact') }}

with_account as (

    select
        contact_profiles.contact_id,
        contact_profiles.account_id,
        contact_profiles.specialty,
        contact_profiles.role,
        contact_profiles.is_clinical,
        account_profiles.facility_type,
        account_profiles.bed_count,
        -- country and state go together; the account's, or else the contact's (F4)
        case
            when account_profiles.state is not null then account_profiles.country
            else contact_profiles.country
        end as country,
        coalesce(account_profiles.state, contact_profiles.state) as state,
        greatest(contact_profiles.valid_from, account_profiles.valid_from)
            as valid_from,
        least(contact_profiles.valid_to, account_profiles.valid_to) as valid_to
    from contact_profiles
    left join account_profiles
        on
            contact_profiles.account_id = account_profiles.account_id
            and account_profiles.valid_from < {{ until('contact_profiles.valid_to') }}
            and contact_profiles.valid_from < {{ until('account_profiles.valid_to') }}

),

final as (

    select
        product_lines.definition_id,
        with_account.contact_id,
        product_lines.product_line,
        with_account.account_id,
        with_account.specialty,
        with_account.role,
        with_account.facility_type,
        with_account.country,
        with_account.state,
        with_account.bed_count,
        with_account.is_clinical,
        coalesce(service_states.is_current_customer, false) as is_current_customer,
        coalesce(service_states.has_service_signal, false) as has_service_signal,
        greatest(with_account.valid_from, service_states.valid_from) as valid_from,
        least(with_account.valid_to, service_states.valid_to) as valid_to
    from with_account
    cross join product_lines
    left join service_states
        on
            product_lines.definition_id = service_states.definition_id
            and product_lines.product_line = service_states.product_line
            and with_account.account_id = service_states.account_id
            and service_states.valid_from < {{ until('with_account.valid_to') }}
            and with_account.valid_from < {{ until('service_states.valid_to') }}

)

select * from final
