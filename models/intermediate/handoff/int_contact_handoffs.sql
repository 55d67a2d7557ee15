{{ config(materialized='table_by_contact') }}

-- A contact's hand-overs, from opening to closing. What is the hand-over's and not one
-- of its MQLs' is that of the MQL that opened it: so is its territory, which does not
-- move with later data.
with conversations as (

    select * from {{ ref('int_conversations') }}

),

fit_scores as (

    select * from {{ ref('int_fit_scores') }}

),

openers as (

    select * from conversations
    where is_primary

),

members as (

    select
        openers.handoff_id,
        min(conversations.answered_at) as answered_at,
        max(
            case
                when
                    conversations.is_requested
                    and conversations.handed_over_at = openers.handed_over_at
                    then 1
                else 0
            end
        ) as requested
    from openers
    inner join conversations
        on openers.handoff_id = conversations.handoff_id
    group by openers.handoff_id

),

placed as (

    select
        openers.handoff_id,
        openers.definition_id,
        fit_scores.specialty,
        fit_scores.country,
        fit_scores.state
    from openers
    left join fit_scores
        on
            openers.definition_id = fit_scores.definition_id
            and openers.contact_id = fit_scores.contact_id
            and openers.product_line = fit_scores.product_line
            and fit_scores.valid_from <= openers.mql_at
            and openers.mql_at < {{ until('fit_scores.valid_to') }}

),

final as (

    select
        openers.handoff_id,
        openers.definition_id,
        openers.contact_id,
        openers.account_id,
        openers.product_line,
        openers.owner_rep_id,
        placed.specialty,
        {{ territory() }} as territory,
        -- high from the start, where one of the MQLs it opened with was asked for
        members.requested = 1 as is_requested,
        openers.handed_over_at,
        lead(openers.handed_over_at) over (
            partition by openers.contact_id
            order by openers.sequence_number
        ) as next_handed_over_at,
        openers.known_at,
        members.answered_at,
        openers.suppressed_at,
        openers.expires_at,
        least(
            {{ until('members.answered_at') }},
            {{ until('openers.suppressed_at') }},
            {{ until('openers.expires_at') }}
        ) as closes_at
    from openers
    inner join members
        on openers.handoff_id = members.handoff_id
    inner join placed
        on openers.handoff_id = placed.handoff_id
    {{ territory_joins('placed') }}

)

select * from final
