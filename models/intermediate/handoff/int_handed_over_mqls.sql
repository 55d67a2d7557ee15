{{ config(materialized='table_by_contact') }}

-- What sales gets to see: every official MQL as it is awarded, and one that was not
-- official once its contact asks for us itself (H6).
with mqls as (

    select
        {{ mql_id('int_mqls', 'contact_id') }} as mql_id,
        int_mqls.*
    from {{ ref('int_mqls') }} as int_mqls

),

definitions as (

    select * from {{ ref('int_definitions') }}

),

activities as (

    select * from {{ ref('int_activities') }}

),

direct_requests as (

    select * from {{ ref('int_line_activities') }}
    where is_direct_request

),

qualified_intervals as (

    select * from {{ ref('int_qualified_intervals') }}

),

contact_profiles as (

    select * from {{ ref('int_contact_profiles') }}

),

account_profiles as (

    select * from {{ ref('int_account_profiles') }}

),

official_mqls as (

    select * from mqls
    where is_official

),

-- asked for while the contact qualified and nobody had been told
requests as (

    select
        mqls.mql_id,
        min(direct_requests.occurred_at) as requested_at
    from mqls
    inner join definitions
        on mqls.definition_id = definitions.definition_id
    inner join direct_requests
        on
            mqls.definition_id = direct_requests.definition_id
            and mqls.contact_id = direct_requests.contact_id
            and mqls.product_line = direct_requests.product_line
            and mqls.mql_at <= direct_requests.occurred_at
            and direct_requests.occurred_at < {{ until('mqls.ended_at') }}
            and definitions.official_from <= direct_requests.occurred_at
            and direct_requests.occurred_at < {{ until('definitions.official_until') }}
    -- an MQL may pause (M2); a request in a pause counts for nothing
    inner join qualified_intervals
        on
            direct_requests.definition_id = qualified_intervals.definition_id
            and direct_requests.contact_id = qualified_intervals.contact_id
            and direct_requests.product_line = qualified_intervals.product_line
            and qualified_intervals.started_at <= direct_requests.occurred_at
            and direct_requests.occurred_at
            < {{ until('qualified_intervals.ended_at') }}
    left join official_mqls
        on
            mqls.contact_id = official_mqls.contact_id
            and mqls.product_line = official_mqls.product_line
            and official_mqls.mql_at <= direct_requests.occurred_at
            and direct_requests.occurred_at < {{ until('official_mqls.ended_at') }}
    where not mqls.is_official and official_mqls.mql_at is null
    group by mqls.mql_id

),

handed_over as (

    select
        mqls.mql_id,
        mqls.definition_id,
        mqls.contact_id,
        mqls.product_line,
        mqls.trigger_activity_id,
        mqls.end_reason,
        mqls.is_official,
        (
            requests.requested_at is not null
            or mqls.trigger_type = 'direct_request'
        ) as is_requested,
        mqls.mql_at,
        mqls.ended_at,
        coalesce(requests.requested_at, mqls.mql_at) as handed_over_at
    from mqls
    left join requests
        on mqls.mql_id = requests.mql_id
    where mqls.is_official or requests.requested_at is not null

),

-- when the source told us of the activity that brought the hand-over about
triggers as (

    select
        handed_over.mql_id,
        activities.loaded_at
    from handed_over
    inner join activities
        on handed_over.trigger_activity_id = activities.activity_id
    where handed_over.is_official

    union all

    select
        handed_over.mql_id,
        min(activities.loaded_at) as loaded_at
    from handed_over
    inner join direct_requests
        on
            handed_over.definition_id = direct_requests.definition_id
            and handed_over.contact_id = direct_requests.contact_id
            and handed_over.product_line = direct_requests.product_line
            and handed_over.handed_over_at = direct_requests.occurred_at
    inner join activities
        on direct_requests.activity_id = activities.activity_id
    where not handed_over.is_official
    group by handed_over.mql_id

),

final as (

    select
        handed_over.mql_id,
        handed_over.definition_id,
        handed_over.contact_id,
        handed_over.product_line,
        contact_profiles.account_id,
        account_profiles.owner_rep_id,
        handed_over.end_reason,
        row_number() over (
            partition by handed_over.contact_id
            order by
                handed_over.handed_over_at,
                {{ byte_order('handed_over.product_line') }}
        ) as sequence_number,
        handed_over.is_official,
        handed_over.is_requested,
        handed_over.mql_at,
        handed_over.ended_at,
        handed_over.handed_over_at,
        greatest(
            handed_over.handed_over_at,
            coalesce(triggers.loaded_at, handed_over.handed_over_at),
            contact_profiles.loaded_at,
            coalesce(account_profiles.loaded_at, handed_over.handed_over_at)
        ) as known_at
    from handed_over
    inner join contact_profiles
        on
            handed_over.contact_id = contact_profiles.contact_id
            and contact_profiles.valid_from <= handed_over.handed_over_at
            and handed_over.handed_over_at < {{ until('contact_profiles.valid_to') }}
    left join account_profiles
        on
            contact_profiles.account_id = account_profiles.account_id
            and account_profiles.valid_from <= handed_over.handed_over_at
            and handed_over.handed_over_at < {{ until('account_profiles.valid_to') }}
    left join triggers
        on handed_over.mql_id = triggers.mql_id

)

select * from final
