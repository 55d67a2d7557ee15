-- Rejections that the data speak against: either the rep or the data are wrong, and
-- both are worth a call.
with answers as (

    select * from {{ ref('int_mql_answers') }}
    where outcome = 'rejected' and contact_id is not null

),

mqls as (

    select * from {{ ref('fct_mqls') }}

),

target_specialties as (

    select * from {{ ref('int_target_specialties') }}

),

facility_rules as (

    select * from {{ ref('int_facility_rules') }}

),

own_contracts as (

    select distinct account_id
    from {{ ref('int_service_contracts') }}
    where provider = 'own'

),

compared as (

    select
        answers.disposition_id,
        answers.mql_id,
        answers.handoff_id,
        answers.contact_id,
        mqls.account_id,
        answers.rep_id,
        answers.product_line,
        answers.reason_code as rejection_reason,
        case
            when
                answers.reason_code = 'wrong_specialty'
                and target_specialties.specialty is not null
                then 'specialty ' || mqls.specialty || ' is a target of the line'
            when
                answers.reason_code = 'not_qualified_facility'
                and facility_rules.facility_class = 'target'
                then 'facility ' || mqls.facility_type || ' is a target of the line'
            when
                answers.reason_code = 'existing_customer'
                and own_contracts.account_id is null
                then 'the account has no contract with us'
        end as contradiction,
        answers.disposed_at
    from answers
    inner join mqls
        on answers.mql_id = mqls.mql_id
    left join target_specialties
        on
            mqls.definition_id = target_specialties.definition_id
            and mqls.product_line = target_specialties.product_line
            and mqls.specialty = target_specialties.specialty
    left join facility_rules
        on
            mqls.definition_id = facility_rules.definition_id
            and mqls.product_line = facility_rules.product_line
            and mqls.facility_type = facility_rules.facility_type
    left join own_contracts
        on mqls.account_id = own_contracts.account_id

),

final as (

    select
        disposition_id,
        mql_id,
        handoff_id,
        contact_id,
        account_id,
        rep_id,
        product_line,
        rejection_reason,
        contradiction,
        disposed_at
    from compared
    where contradiction is not null

)

select * from final
