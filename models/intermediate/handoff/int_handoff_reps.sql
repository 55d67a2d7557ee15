-- Whose each hand-over is (H3).
with handoffs as (

    select * from {{ ref('int_handoffs') }}

),

routes as (

    {{ routed('handoffs', 'handoff_id') }}

),

final as (

    select
        handoffs.handoff_id,
        routes.rep_id,
        coalesce(routes.routed_by, 'unrouted') as routed_by
    from handoffs
    left join routes
        on handoffs.handoff_id = routes.handoff_id

)

select * from final
