-- The accounts and lines that may ever be qualified (C2): their own gates open at some
-- time, and all the points their people ever earned would be enough. A score never
-- exceeds the positive points, so nobody is missed.
with members as (

    select * from {{ ref('int_account_members') }}

),

gates as (

    select distinct
        definition_id,
        account_id,
        product_line
    from {{ ref('int_account_gates') }}
    where passes_gates

),

product_lines as (

    select * from {{ ref('int_product_lines') }}
    where account_min_engagement is not null

),

-- where somebody may buy: not more than these are added up
candidates as (

    select distinct
        members.definition_id,
        members.account_id,
        members.product_line
    from members
    inner join gates
        on
            members.definition_id = gates.definition_id
            and members.account_id = gates.account_id
            and members.product_line = gates.product_line
    where members.passes_gates_and_fit

),

final as (

    select
        members.definition_id,
        members.account_id,
        members.product_line
    from candidates
    inner join members
        on
            candidates.definition_id = members.definition_id
            and candidates.account_id = members.account_id
            and candidates.product_line = members.product_line
    inner join product_lines
        on
            members.definition_id = product_lines.definition_id
            and members.product_line = product_lines.product_line
    group by members.definition_id, members.account_id, members.product_line
    having
        {{ round_score('sum(members.positive_points)') }}
        >= max(product_lines.account_min_engagement)
        and sum(
            case
                when
                    {{ round_score('members.positive_points') }}
                    >= product_lines.account_contact_min_engagement
                    then 1
                else 0
            end
        ) >= max(product_lines.account_min_contacts)

)

select * from final
