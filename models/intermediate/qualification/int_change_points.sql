{{ config(materialized='view_by_contact') }}

-- Whatever may change the standing of a contact for a line, and when. States are sums
-- of what came and went: a period adds one where it starts and takes it away where it
-- ends.
with clocks as (

    select
        clocks.definition_id,
        clocks.contact_id,
        timelines.product_line,
        clocks.known_from,
        -- a contact may be known before its first version and activity
        least(clocks.started_at, clocks.known_from) as starts_at
    from {{ ref('int_contact_clocks') }} as clocks
    inner join {{ ref('int_timelines') }} as timelines
        on
            clocks.definition_id = timelines.definition_id
            and clocks.contact_id = timelines.contact_id

),

score_changes as (

    select * from {{ ref('int_score_changes') }}

),

fit_scores as (

    select * from {{ ref('int_fit_scores') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

changes as (

    select
        definition_id,
        contact_id,
        product_line,
        'known' as kind,
        0.0 as amount,
        known_from as changed_at
    from clocks

    union all

    select
        definition_id,
        contact_id,
        product_line,
        'score' as kind,
        score_change as amount,
        changed_at
    from score_changes

    union all

    select
        definition_id,
        contact_id,
        product_line,
        'segment' as kind,
        0.0 as amount,
        valid_from as changed_at
    from fit_scores

    union all

    select
        definition_id,
        contact_id,
        product_line,
        kind,
        1.0 as amount,
        valid_from as changed_at
    from periods

    union all

    select
        definition_id,
        contact_id,
        product_line,
        kind,
        -1.0 as amount,
        valid_to as changed_at
    from periods
    where valid_to is not null

),

-- What changed before the contact's history began holds from its beginning. So does the
-- first segment, and where the contact is known by then that row is enough.
final as (

    select
        changes.definition_id,
        changes.contact_id,
        changes.product_line,
        changes.kind,
        changes.amount,
        coalesce(
            clocks.known_from <= greatest(changes.changed_at, clocks.starts_at), false
        ) as is_known,
        greatest(changes.changed_at, clocks.starts_at) as changed_at
    from changes
    inner join clocks
        on
            changes.definition_id = clocks.definition_id
            and changes.contact_id = clocks.contact_id
            and changes.product_line = clocks.product_line
    where
        changes.changed_at <= {{ as_of() }}
        and (
            changes.kind <> 'segment'
            or clocks.starts_at < changes.changed_at
            or not coalesce(clocks.known_from <= clocks.starts_at, false)
        )

)

select * from final
