-- No direct request is dropped: one that neither hands over nor reaches a rep in touch
-- gets a courtesy response, with an owner and a clock.
with requests as (

    select * from {{ ref('int_direct_requests') }}

),

conversations as (

    select * from {{ ref('int_conversations') }}

),

escalations as (

    select * from {{ ref('int_escalations') }}

),

contact_handoffs as (

    select * from {{ ref('int_contact_handoffs') }}

),

answers as (

    select * from {{ ref('int_mql_answers') }}

),

definitions as (

    select * from {{ ref('definitions') }}

),

sla_policies as (

    select * from {{ ref('sla_policies') }}
    where priority = 'high'

),

standing as (

    select * from {{ ref('int_request_standing') }}

),

account_profiles as (

    select * from {{ ref('int_account_profiles') }}

),

dispositions as (

    select * from {{ ref('int_dispositions') }}
    where outcome in ('contacted', 'accepted', 'rejected')

),

suppressions as (

    select * from {{ ref('int_suppressions') }}

),

started as (

    select
        requests.activity_id,
        min(conversations.handoff_id) as handoff_id
    from requests
    inner join conversations
        on
            requests.contact_id = conversations.contact_id
            and requests.occurred_at = conversations.handed_over_at
            and conversations.is_requested
    group by requests.activity_id

),

latest_handoffs as (

    select
        requests.activity_id,
        requests.occurred_at,
        contact_handoffs.handoff_id,
        contact_handoffs.definition_id,
        contact_handoffs.handed_over_at,
        contact_handoffs.closes_at,
        escalations.activity_id as escalation_activity_id,
        row_number() over (
            partition by requests.activity_id
            -- of two at one instant, the first was closed at once
            order by
                contact_handoffs.handed_over_at desc,
                {{ until('contact_handoffs.next_handed_over_at') }} desc
        ) as recency
    from requests
    inner join contact_handoffs
        on
            requests.contact_id = contact_handoffs.contact_id
            and contact_handoffs.handed_over_at <= requests.occurred_at
    left join escalations
        on contact_handoffs.handoff_id = escalations.handoff_id

),

latest_answers as (

    select
        latest_handoffs.activity_id,
        answers.outcome,
        row_number() over (
            partition by latest_handoffs.activity_id
            order by
                answers.disposed_at desc,
                {{ byte_order('answers.disposition_id') }} desc
        ) as recency
    from latest_handoffs
    inner join answers
        on
            latest_handoffs.handoff_id = answers.handoff_id
            and answers.disposed_at <= latest_handoffs.occurred_at
    where latest_handoffs.recency = 1

),

handled as (

    select
        requests.*,
        latest_handoffs.handoff_id,
        case
            when started.handoff_id is not null then 'mql'
            when latest_handoffs.escalation_activity_id = requests.activity_id
                then 'escalation'
            when requests.occurred_at < latest_handoffs.closes_at then 'open_handoff'
            when
                latest_answers.outcome in ('contacted', 'accepted')
                and requests.occurred_at < {{ until(add_days(
                    'latest_handoffs.handed_over_at', 'definitions.handoff_open_days'
                )) }}
                then 'conversation'
            else 'courtesy'
        end as handled_by
    from requests
    left join started
        on requests.activity_id = started.activity_id
    left join latest_handoffs
        on
            requests.activity_id = latest_handoffs.activity_id
            and latest_handoffs.recency = 1
    left join latest_answers
        on
            requests.activity_id = latest_answers.activity_id
            and latest_answers.recency = 1
    left join definitions
        on latest_handoffs.definition_id = definitions.definition_id

),

subjects as (

    select
        handled.activity_id,
        handled.definition_id,
        account_profiles.owner_rep_id,
        handled.product_line,
        standing.account_id,
        standing.specialty,
        standing.territory,
        standing.failing_gate
    from handled
    inner join standing
        on handled.activity_id = standing.activity_id
    left join account_profiles
        on
            standing.account_id = account_profiles.account_id
            and account_profiles.valid_from <= handled.occurred_at
            and handled.occurred_at < {{ until('account_profiles.valid_to') }}

),

routes as (

    {{ routed('subjects', 'activity_id') }}

),

-- whoever answers the person answers the request, MQL or not
first_answers as (

    select
        requests.activity_id,
        min(dispositions.disposed_at) as first_response_at
    from requests
    inner join dispositions
        on
            requests.contact_id = dispositions.contact_id
            and requests.occurred_at <= dispositions.disposed_at
    group by requests.activity_id

),

first_suppressions as (

    select
        requests.activity_id,
        min(greatest(suppressions.valid_from, requests.occurred_at)) as suppressed_at
    from requests
    inner join suppressions
        on
            requests.definition_id = suppressions.definition_id
            and requests.contact_id = suppressions.contact_id
            and requests.product_line = suppressions.product_line
            and requests.occurred_at < {{ until('suppressions.valid_to') }}
    group by requests.activity_id

),

courtesies as (

    select
        handled.activity_id,
        first_answers.first_response_at,
        first_suppressions.suppressed_at,
        {{ add_days(
            'greatest(handled.occurred_at, handled.loaded_at)',
            'sla_policies.hours / 24.0'
        ) }} as courtesy_due_at,
        case
            when first_answers.first_response_at is not null then 'answered'
            when first_suppressions.suppressed_at is not null then 'withdrawn'
            when
                {{ add_days(
                    'greatest(handled.occurred_at, handled.loaded_at)',
                    'definitions.handoff_open_days'
                ) }} <= {{ as_of() }}
                then 'expired'
            else 'open'
        end as status
    from handled
    inner join sla_policies
        on handled.definition_id = sla_policies.definition_id
    inner join definitions
        on handled.definition_id = definitions.definition_id
    left join first_answers
        on handled.activity_id = first_answers.activity_id
    left join first_suppressions
        on handled.activity_id = first_suppressions.activity_id
    where handled.handled_by = 'courtesy'

),

judged as (

    select
        activity_id,
        first_response_at,
        courtesy_due_at,
        status,
        {{ sla_status('courtesy_due_at') }} as sla_status
    from courtesies

),

final as (

    select
        handled.activity_id,
        handled.definition_id,
        handled.contact_id,
        subjects.account_id,
        case
            when handled.handled_by <> 'courtesy' then handled.handoff_id
        end as handoff_id,
        routes.rep_id,
        handled.product_line,
        handled.activity_type,
        handled.asset_name,
        subjects.territory,
        coalesce(routes.routed_by, 'unrouted') as routed_by,
        handled.handled_by,
        -- what kept the contact back, where sales called for courtesy alone
        case when handled.handled_by = 'courtesy' then subjects.failing_gate end
            as failing_gate,
        judged.status as courtesy_status,
        judged.sla_status as courtesy_sla_status,
        handled.occurred_at,
        judged.courtesy_due_at,
        judged.first_response_at as courtesy_response_at
    from handled
    inner join subjects
        on handled.activity_id = subjects.activity_id
    left join routes
        on handled.activity_id = routes.activity_id
    left join judged
        on handled.activity_id = judged.activity_id

)

select * from final
