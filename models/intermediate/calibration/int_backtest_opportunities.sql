-- The opportunities an MQL of each definition and line could have announced, and
-- whether one did.
with mqls as (

    select * from {{ ref('int_mqls') }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

contacts as (

    select * from {{ ref('int_contact_profiles') }}
    where valid_to is null

),

-- before the first MQL of any definition there was nothing to announce them with
history as (

    select min(mql_at) as first_mql_at
    from mqls

),

judged as (

    select
        product_lines.definition_id,
        product_lines.product_line,
        opportunities.opportunity_id,
        opportunities.contact_id,
        opportunities.created_at
    from opportunities
    inner join contacts
        on opportunities.contact_id = contacts.contact_id
    inner join product_lines
        on {{ counts_for_line(
            'opportunities.product_line', 'product_lines.product_line'
        ) }}
    inner join history
        on history.first_mql_at <= opportunities.created_at

),

announced as (

    select distinct
        judged.definition_id,
        judged.product_line,
        judged.opportunity_id
    from judged
    inner join mqls
        on
            judged.definition_id = mqls.definition_id
            and judged.contact_id = mqls.contact_id
            and judged.product_line = mqls.product_line
            and mqls.mql_at <= judged.created_at
            and judged.created_at
            <= {{ add_days('mqls.mql_at', var('outcome_mature_days')) }}

),

final as (

    select
        judged.definition_id,
        judged.opportunity_id,
        judged.contact_id,
        judged.product_line,
        announced.opportunity_id is not null as was_announced,
        judged.created_at
    from judged
    left join announced
        on
            judged.definition_id = announced.definition_id
            and judged.product_line = announced.product_line
            and judged.opportunity_id = announced.opportunity_id

)

select * from final
