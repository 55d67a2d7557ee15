-- The one rep who leads the open work of an account (H3): its owner now, else the rep
-- of the earliest open hand-over that has one.
with handoffs as (

    select * from {{ ref('int_handoffs') }}
    where status in ('open', 'contacted')

),

conversations as (

    select * from {{ ref('int_conversations') }}

),

handoff_reps as (

    select * from {{ ref('int_handoff_reps') }}

),

accounts as (

    select * from {{ ref('int_account_profiles') }}
    where valid_to is null

),

active_reps as (

    select * from {{ ref('int_active_reps') }}

),

-- who moves between accounts may have MQLs of several in one conversation
worked_on as (

    select distinct
        conversations.account_id,
        handoffs.handoff_id,
        handoffs.contact_id,
        handoffs.product_line,
        handoffs.handed_over_at
    from handoffs
    inner join conversations
        on handoffs.handoff_id = conversations.handoff_id
    where conversations.account_id is not null

    union all

    select
        account_id,
        handoff_id,
        contact_id,
        product_line,
        handed_over_at
    from handoffs
    where handoff_type = 'account'

),

earliest as (

    select
        worked_on.account_id,
        handoff_reps.rep_id,
        row_number() over (
            partition by worked_on.account_id
            order by
                case when handoff_reps.rep_id is null then 1 else 0 end,
                worked_on.handed_over_at,
                {{ byte_order('worked_on.product_line') }},
                {{ byte_order("coalesce(worked_on.contact_id, '')") }}
        ) as choice
    from worked_on
    inner join handoff_reps
        on worked_on.handoff_id = handoff_reps.handoff_id

),

final as (

    select
        earliest.account_id,
        coalesce(active_reps.rep_id, earliest.rep_id) as lead_rep_id
    from earliest
    left join accounts
        on earliest.account_id = accounts.account_id
    left join active_reps
        on accounts.owner_rep_id = active_reps.rep_id
    where earliest.choice = 1

)

select * from final
