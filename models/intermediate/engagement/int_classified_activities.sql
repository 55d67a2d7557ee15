with activities as (

    select * from {{ ref('int_activities') }}

),

definitions as (

    select * from {{ ref('int_definitions') }}

),

page_classes as (

    select * from {{ ref('int_page_classes') }}

),

with_last_send as (

    select
        *,
        -- by range, so that a send at the very instant of an open is its send (A2)
        max(case when activity_type = 'email_send' then occurred_at end) over (
            partition by contact_id, message_id
            order by occurred_at
            range between unbounded preceding and current row
        ) as last_sent_at
    from activities

),

final as (

    select
        definitions.definition_id,
        with_last_send.activity_id,
        with_last_send.contact_id,
        coalesce(page_classes.activity_type, with_last_send.activity_type)
            as activity_type,
        coalesce(with_last_send.product_line, page_classes.product_line)
            as product_line,
        with_last_send.message_id,
        with_last_send.asset_name,
        with_last_send.topic,
        (
            with_last_send.is_machine
            or coalesce(
                with_last_send.activity_type in ('email_open', 'email_click')
                and with_last_send.message_id is not null
                and {{ epoch_us('with_last_send.occurred_at') }}
                - {{ epoch_us('with_last_send.last_sent_at') }}
                < definitions.machine_response_seconds * 1000000,
                false
            )
        ) as is_machine,
        with_last_send.occurred_at
    from with_last_send
    cross join definitions
    left join page_classes
        on
            definitions.definition_id = page_classes.definition_id
            and with_last_send.page_url = page_classes.page_url
            and with_last_send.activity_type = 'page_view'

)

select * from final
