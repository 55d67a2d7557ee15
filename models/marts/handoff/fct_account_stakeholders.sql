{{ config(materialized=projection()) }}

-- Who is who at an account: engaged or not, with what, in which part of the purchase,
-- and which part nobody plays yet. Under the definition in force.
with scores as (

    select * from {{ ref('fct_contact_scores') }}

),

definitions as (

    select * from {{ ref('int_definitions') }}
    where
        official_from <= {{ as_of() }}
        and {{ as_of() }} < {{ until('official_until') }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

contacts as (

    select * from {{ ref('int_contact_profiles') }}
    where valid_to is null

),

handoffs as (

    select * from {{ ref('fct_mql_handoffs') }}

),

current_scores as (

    select
        scores.account_id,
        scores.contact_id,
        scores.product_line,
        scores.role_class,
        scores.engagement_score,
        scores.last_engaged_at,
        case
            when
                scores.engagement_score
                >= product_lines.account_contact_min_engagement
                then 1
            else 0
        end as engaged
    from scores
    inner join definitions
        on scores.definition_id = definitions.definition_id
    inner join product_lines
        on
            scores.definition_id = product_lines.definition_id
            and scores.product_line = product_lines.product_line
    inner join accounts
        on scores.account_id = accounts.account_id

),

people as (

    select
        account_id,
        contact_id,
        max(case when product_line = 'general' then role_class end) as role_class,
        max(case when product_line = 'general' then engagement_score end)
            as engagement_score,
        max(case when product_line = 'general' then engaged end) as engaged,
        {{ joined_text(
            "product_line || ' ' || " ~ points_text('engagement_score'),
            '; ',
            'product_line',
        ) }} as engagement_by_line,
        max(last_engaged_at) as last_engaged_at
    from current_scores
    group by account_id, contact_id

),

-- which parts of a purchase somebody engaged plays at the account
committees as (

    select
        account_id,
        max(case when engaged = 1 and role_class = 'decision_maker' then 1 else 0 end)
            as decision_makers,
        max(case when engaged = 1 and role_class = 'influencer' then 1 else 0 end)
            as influencers,
        max(case when engaged = 1 and role_class = 'user' then 1 else 0 end)
            as device_users,
        sum(engaged) as engaged_contacts
    from people
    group by account_id

),

open_mqls as (

    select
        contact_id,
        count(*) as open_mqls,
        max(follow_up_group) as follow_up_group,
        max(lead_rep_id) as lead_rep_id
    from handoffs
    where status in ('open', 'contacted') and contact_id is not null
    group by contact_id

),

groups as (

    select
        follow_up_group,
        max(lead_rep_id) as lead_rep_id
    from handoffs
    where follow_up_group is not null
    group by follow_up_group

),

stories as (

    select * from {{ ref('int_stories') }}

),

final as (

    select
        people.account_id,
        people.contact_id,
        groups.follow_up_group,
        groups.lead_rep_id,
        contacts.role,
        people.role_class,
        people.engagement_by_line,
        stories.engagement_summary,
        stories.content_downloaded,
        stories.pages_visited,
        stories.events_attended,
        case
            when
                committees.decision_makers
                + committees.influencers
                + committees.device_users
                = 3
                then null
            else trim(
                case
                    when committees.decision_makers = 0 then 'decision_maker '
                    else ''
                end
                || case when committees.influencers = 0 then 'influencer ' else '' end
                || case when committees.device_users = 0 then 'user' else '' end
            )
        end as missing_role_classes,
        cast(coalesce(open_mqls.open_mqls, 0) as integer) as open_mqls,
        cast(committees.engaged_contacts as integer) as engaged_contacts,
        people.engagement_score,
        people.engaged = 1 as is_engaged,
        people.last_engaged_at
    from people
    inner join contacts
        on people.contact_id = contacts.contact_id
    inner join committees
        on people.account_id = committees.account_id
    left join open_mqls
        on people.contact_id = open_mqls.contact_id
    left join groups
        on people.account_id = groups.follow_up_group
    left join stories
        on {{ story_id('contact', 'people.contact_id') }} = stories.story_id

)

select * from final
