{{ config(materialized=projection()) }}

-- The way of every official MQL, each stage where it happened or not at all. What
-- describes it is as it was when it was awarded: no label leaks backwards (M5).
with handed_over as (

    {{ handed_over() }}

),

official as (

    select * from handed_over
    where is_official

),

responses as (

    select * from {{ ref('int_mql_responses') }}

),

opportunities as (

    select * from {{ ref('int_mql_opportunities') }}

),

touches as (

    select * from {{ ref('int_mql_touches') }}

),

contacts as (

    select * from {{ ref('dim_contacts') }}

),

credited as (

    select
        mql_id,
        max(case when opportunity_number = 1 then opportunity_id end) as opportunity_id,
        max(case when opportunity_number = 1 then link_type end) as link_type,
        max(case when opportunity_number = 1 then amount_usd end) as amount_usd,
        min(created_at) as opportunity_at,
        min(case when is_won then closed_at end) as won_at,
        min(case when not is_won then closed_at end) as lost_at,
        sum(case when closed_at is null then amount_usd else 0 end)
            as open_amount_usd,
        sum(case when is_won and closed_at is not null then amount_usd else 0 end)
            as won_amount_usd,
        count(case when is_won and closed_at is not null then amount_usd end)
            as won_deals,
        count(*) as opportunities
    from opportunities
    group by mql_id

),

final as (

    select
        official.mql_id,
        official.handoff_id,
        official.definition_id,
        official.contact_id,
        official.account_id,
        credited.opportunity_id,
        official.product_line,
        official.handoff_type,
        official.trigger_type,
        official.specialty,
        official.role,
        official.role_class,
        official.facility_type,
        official.country,
        official.state,
        {{ fit_band('official.fit_score') }} as fit_band,
        touches.first_campaign,
        touches.first_channel,
        touches.last_campaign,
        touches.last_channel,
        responses.rejection_reason,
        credited.link_type,
        {{ out_of_order(
            'credited.opportunity_at', 'responses.accepted_at', 'responses.rejected_at'
        ) }} as out_of_order,
        official.bed_count,
        cast(coalesce(credited.opportunities, 0) as integer) as opportunities,
        cast(coalesce(credited.won_deals, 0) as integer) as won_deals,
        official.fit_score,
        official.engagement_score,
        official.total_score,
        credited.amount_usd,
        coalesce(credited.open_amount_usd, 0) as open_amount_usd,
        coalesce(credited.won_amount_usd, 0) as won_amount_usd,
        official.is_counted,
        {%- for touch in ['webinar', 'content_download', 'event', 'direct_request'] %}
        case
            when official.handoff_type = 'contact'
                then coalesce(touches.had_{{ touch }}, false)
        end as had_{{ touch }},
        {%- endfor %}
        contacts.created_at as contact_created_at,
        official.mql_at,
        responses.first_response_at,
        responses.accepted_at,
        responses.rejected_at,
        credited.opportunity_at,
        credited.won_at,
        credited.lost_at
    from official
    left join responses
        on official.mql_id = responses.mql_id
    left join credited
        on official.mql_id = credited.mql_id
    left join touches
        on official.mql_id = touches.mql_id
    left join contacts
        on official.contact_id = contacts.contact_id

)

select * from final
