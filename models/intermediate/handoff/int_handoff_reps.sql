-- Whose each hand-over is (H3). Its account is that of its time, its territory that of
-- the MQL: what a hand-over was judged by does not move with later data.
with handoffs as (

    select * from {{ ref('int_handoffs') }}

),

openers as (

    select * from {{ ref('int_conversations') }}
    where is_primary

),

fit_scores as (

    select * from {{ ref('int_fit_scores') }}

),

account_profiles as (

    select * from {{ ref('int_account_profiles') }}

),

placed as (

    select
        handoffs.handoff_id,
        handoffs.definition_id,
        handoffs.owner_rep_id,
        handoffs.product_line,
        fit_scores.specialty,
        fit_scores.country,
        fit_scores.state
    from handoffs
    inner join openers
        on handoffs.handoff_id = openers.handoff_id
    inner join fit_scores
        on
            openers.definition_id = fit_scores.definition_id
            and openers.contact_id = fit_scores.contact_id
            and openers.product_line = fit_scores.product_line
            and fit_scores.valid_from <= openers.mql_at
            and openers.mql_at < {{ until('fit_scores.valid_to') }}

    union all

    select
        handoffs.handoff_id,
        handoffs.definition_id,
        handoffs.owner_rep_id,
        handoffs.product_line,
        cast(null as {{ dbt.type_string() }}) as specialty,
        account_profiles.country,
        account_profiles.state
    from handoffs
    inner join account_profiles
        on
            handoffs.account_id = account_profiles.account_id
            and account_profiles.valid_from <= handoffs.handed_over_at
            and handoffs.handed_over_at < {{ until('account_profiles.valid_to') }}
    where handoffs.handoff_type = 'account'

),

subjects as (

    select
        placed.handoff_id,
        placed.definition_id,
        placed.owner_rep_id,
        placed.product_line,
        placed.specialty,
        {{ territory() }} as territory
    from placed
    {{ territory_joins('placed') }}

),

routes as (

    {{ routed('subjects', 'handoff_id') }}

),

final as (

    select
        subjects.handoff_id,
        routes.rep_id,
        coalesce(routes.routed_by, 'unrouted') as routed_by,
        subjects.territory
    from subjects
    left join routes
        on subjects.handoff_id = routes.handoff_id

)

select * from final
