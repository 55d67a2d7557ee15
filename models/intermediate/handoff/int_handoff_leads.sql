-- The one rep who leads the open work of an account (H3): its owner now, else the rep
-- of the earliest open hand-over that has one.
with handoffs as (

    select * from {{ ref('int_handoffs') }}
    where account_id is not null and status in ('open', 'contacted')

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

earliest as (

    select
        handoffs.account_id,
        handoff_reps.rep_id,
        row_number() over (
            partition by handoffs.account_id
            order by
                case when handoff_reps.rep_id is null then 1 else 0 end,
                handoffs.handed_over_at,
                {{ byte_order('handoffs.handoff_id') }}
        ) as choice
    from handoffs
    inner join handoff_reps
        on handoffs.handoff_id = handoff_reps.handoff_id

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
