{{ config(materialized='view_by_contact') }}

-- The instants at which a contact that stops qualifying has not simply lapsed (M3), and
-- those at which it starts a new MQL however short the pause was (M2). Neither depends
-- on a threshold.
with suppressions as (

    select * from {{ ref('int_suppressions') }}

),

dispositions as (

    select * from {{ ref('int_line_dispositions') }}

),

opportunities as (

    select * from {{ ref('int_line_opportunities') }}

),

direct_requests as (

    select * from {{ ref('int_line_activities') }}
    where is_direct_request

),

contact_profiles as (

    select * from {{ ref('int_contact_profiles') }}

),

account_profiles as (

    select * from {{ ref('int_account_profiles') }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

versions as (

    select
        contact_id,
        version_at
    from contact_profiles

    union

    select
        contact_profiles.contact_id,
        account_profiles.version_at
    from contact_profiles
    inner join account_profiles
        on
            contact_profiles.account_id = account_profiles.account_id
            and contact_profiles.valid_from <= account_profiles.version_at
            and account_profiles.version_at < {{ until('contact_profiles.valid_to') }}

),

exceptions as (

    select
        definition_id,
        contact_id,
        product_line,
        1 as is_no_lapse,
        0 as is_new_start,
        valid_from as occurred_at
    from suppressions

    union all

    select
        definition_id,
        contact_id,
        product_line,
        1 as is_no_lapse,
        0 as is_new_start,
        disposed_at as occurred_at
    from dispositions

    union all

    select
        definition_id,
        contact_id,
        product_line,
        1 as is_no_lapse,
        0 as is_new_start,
        created_at as occurred_at
    from opportunities

    union all

    select
        product_lines.definition_id,
        versions.contact_id,
        product_lines.product_line,
        1 as is_no_lapse,
        0 as is_new_start,
        versions.version_at as occurred_at
    from versions
    cross join product_lines

    union all

    select
        definition_id,
        contact_id,
        product_line,
        0 as is_no_lapse,
        1 as is_new_start,
        occurred_at
    from direct_requests

),

final as (

    select
        definition_id,
        contact_id,
        product_line,
        max(is_no_lapse) = 1 as is_no_lapse,
        max(is_new_start) = 1 as is_new_start,
        occurred_at
    from exceptions
    group by definition_id, contact_id, product_line, occurred_at

)

select * from final
