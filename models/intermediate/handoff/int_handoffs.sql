-- A hand-over's clocks, answers and state at the moment of the run (H2, H6).
with contact_handoffs as (

    select * from {{ ref('int_contact_handoffs') }}

),

account_handoffs as (

    select * from {{ ref('int_account_handoffs') }}

),

escalations as (

    select * from {{ ref('int_escalations') }}

),

answers as (

    select * from {{ ref('int_mql_answers') }}

),

sla_policies as (

    select * from {{ ref('sla_policies') }}

),

handoffs as (

    select
        handoff_id,
        'contact' as handoff_type,
        definition_id,
        contact_id,
        account_id,
        product_line,
        owner_rep_id,
        specialty,
        territory,
        is_requested,
        handed_over_at,
        next_handed_over_at,
        known_at,
        suppressed_at,
        expires_at
    from contact_handoffs

    union all

    select
        account_mql_id as handoff_id,
        'account' as handoff_type,
        definition_id,
        cast(null as {{ dbt.type_string() }}) as contact_id,
        account_id,
        product_line,
        owner_rep_id,
        cast(null as {{ dbt.type_string() }}) as specialty,
        territory,
        false as is_requested,
        mql_at as handed_over_at,
        cast(null as timestamp) as next_handed_over_at,
        known_at,
        cast(null as timestamp) as suppressed_at,
        expires_at
    from account_handoffs

),

-- The answer that decides: the latest before the contact's next hand-over, or failing
-- that the first after it. Answers that name no line go to each line's last MQL (H5);
-- later ones must not rewrite what an earlier conversation came to.
placed_answers as (

    select
        answers.*,
        (
            answers.disposed_at < {{ until('handoffs.next_handed_over_at') }}
        ) as is_before_next
    from answers
    inner join handoffs
        on answers.handoff_id = handoffs.handoff_id
    where answers.outcome in ('accepted', 'rejected')

),

verdicts as (

    select
        *,
        row_number() over (
            partition by handoff_id
            order by
                case when is_before_next then 0 else 1 end,
                case
                    when is_before_next then -{{ epoch_us('disposed_at') }}
                    else {{ epoch_us('disposed_at') }}
                end,
                {{ byte_order('disposition_id') }} desc,
                -- where its MQLs are of two definitions, the reason is the opener's
                case when mql_id = handoff_id then 0 else 1 end,
                {{ byte_order('mql_id') }}
        ) as precedence
    from placed_answers

),

answered as (

    select
        handoff_id,
        min(disposed_at) as first_response_at,
        min(case when outcome = 'accepted' then disposed_at end) as accepted_at,
        min(case when outcome = 'rejected' then disposed_at end) as rejected_at,
        count(distinct disposition_id) as answers
    from answers
    group by handoff_id

),

clocks as (

    select
        handoffs.*,
        answered.first_response_at,
        answered.accepted_at,
        answered.rejected_at,
        coalesce(answered.answers, 0) as answers,
        verdicts.outcome,
        verdicts.reason_code,
        verdicts.disposition_id,
        escalations.activity_id as escalation_activity_id,
        escalations.escalated_at,
        case
            when handoffs.is_requested or escalations.handoff_id is not null
                then 'high'
            else 'standard'
        end as priority,
        coalesce(escalations.started_at, handoffs.known_at) as sla_started_at,
        {{ add_days('handoffs.known_at', 'first_policies.hours / 24.0') }}
            as first_due_at,
        coalesce(
            {{ add_days('escalations.started_at', 'high_policies.hours / 24.0') }},
            {{ add_days('handoffs.known_at', 'first_policies.hours / 24.0') }}
        ) as sla_due_at
    from handoffs
    inner join sla_policies as high_policies
        on
            handoffs.definition_id = high_policies.definition_id
            and high_policies.priority = 'high'
    inner join sla_policies as first_policies
        on
            handoffs.definition_id = first_policies.definition_id
            and first_policies.priority
            = case when handoffs.is_requested then 'high' else 'standard' end
    left join escalations
        on handoffs.handoff_id = escalations.handoff_id
    left join answered
        on handoffs.handoff_id = answered.handoff_id
    left join verdicts
        on
            handoffs.handoff_id = verdicts.handoff_id
            and verdicts.precedence = 1

),

states as (

    select
        *,
        case
            when outcome is not null then outcome
            when suppressed_at is not null then 'withdrawn'
            when first_response_at is not null then 'contacted'
            when expires_at <= {{ as_of() }} then 'expired'
            else 'open'
        end as status,
        least(
            {{ until('first_response_at') }},
            {{ until('suppressed_at') }},
            {{ until('expires_at') }}
        ) as closes_at
    from clocks

),

final as (

    select
        handoff_id,
        handoff_type,
        definition_id,
        contact_id,
        account_id,
        product_line,
        owner_rep_id,
        escalation_activity_id,
        disposition_id,
        specialty,
        territory,
        priority,
        status,
        {{ sla_status('sla_due_at') }} as sla_status,
        {{ sla_status('first_due_at') }} as first_sla_status,
        case when outcome = 'rejected' then reason_code end as rejection_reason,
        cast(answers as integer) as answers,
        handed_over_at,
        next_handed_over_at,
        known_at as first_started_at,
        first_due_at,
        sla_started_at,
        sla_due_at,
        escalated_at,
        first_response_at,
        accepted_at,
        rejected_at,
        case when status = 'withdrawn' then suppressed_at end as withdrawn_at,
        expires_at,
        case when closes_at <= {{ as_of() }} then closes_at end as closed_at
    from states

)

select * from final
