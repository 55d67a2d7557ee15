with mqls as (

    select * from {{ ref('int_account_mqls') }}

),

standing as (

    select * from {{ ref('int_account_qualified_standing') }}

),

contributions as (

    select * from {{ ref('int_account_contributions') }}

),

qualified_intervals as (

    select * from {{ ref('int_qualified_intervals') }}

),

contact_profiles as (

    select * from {{ ref('int_contact_profiles') }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

-- who counted at the moment of the award, the strongest first
people as (

    select
        mqls.definition_id,
        mqls.account_id,
        mqls.product_line,
        mqls.mql_at,
        {{ score_at('mqls.mql_at') }} as score,
        case
            when
                contributions.is_engaged
                and mqls.mql_at < {{ until('contributions.engaged_until') }}
                then 1
            else 0
        end as engaged,
        case when contributions.passes_gates_and_fit then 1 else 0 end as qualifying,
        row_number() over (
            partition by
                mqls.definition_id, mqls.account_id, mqls.product_line, mqls.mql_at
            order by
                {{ round_score(score_at('mqls.mql_at')) }} desc,
                {{ byte_order('contributions.contact_id') }}
        ) as strength_rank
    from mqls
    inner join contributions
        on
            mqls.definition_id = contributions.definition_id
            and mqls.account_id = contributions.account_id
            and mqls.product_line = contributions.product_line
            and contributions.valid_from <= mqls.mql_at
            and mqls.mql_at < {{ until('contributions.valid_to') }}

),

without_the_strongest as (

    select
        definition_id,
        account_id,
        product_line,
        mql_at,
        sum(case when strength_rank > 1 then score else 0.0 end) as score,
        sum(case when strength_rank > 1 then engaged else 0 end) as engaged,
        sum(case when strength_rank > 1 then qualifying else 0 end) as qualifying
    from people
    group by definition_id, account_id, product_line, mql_at

),

individuals as (

    select distinct
        mqls.definition_id,
        mqls.account_id,
        mqls.product_line,
        mqls.mql_at
    from mqls
    inner join contact_profiles
        on
            mqls.account_id = contact_profiles.account_id
            and contact_profiles.valid_from <= mqls.mql_at
            and mqls.mql_at < {{ until('contact_profiles.valid_to') }}
    inner join qualified_intervals
        on
            mqls.definition_id = qualified_intervals.definition_id
            and contact_profiles.contact_id = qualified_intervals.contact_id
            and mqls.product_line = qualified_intervals.product_line
            and qualified_intervals.started_at <= mqls.mql_at
            and mqls.mql_at < {{ until('qualified_intervals.ended_at') }}

),

final as (

    select
        {{ mql_id('mqls', 'account_id') }} as account_mql_id,
        mqls.definition_id,
        mqls.account_id,
        mqls.product_line,
        mqls.end_reason,
        mqls.lapse_count,
        standing.engagement_score,
        standing.engaged_contacts,
        individuals.mql_at is not null as has_individual_mql,
        mqls.is_official,
        (
            {{ round_score('without_the_strongest.score') }}
            >= product_lines.account_min_engagement
            and without_the_strongest.engaged >= product_lines.account_min_contacts
            and without_the_strongest.qualifying > 0
        ) as survives_without_top_contact,
        mqls.mql_at,
        mqls.ended_at
    from mqls
    inner join standing
        on
            mqls.definition_id = standing.definition_id
            and mqls.account_id = standing.account_id
            and mqls.product_line = standing.product_line
            and mqls.mql_at = standing.valid_from
    inner join product_lines
        on
            mqls.definition_id = product_lines.definition_id
            and mqls.product_line = product_lines.product_line
    inner join without_the_strongest
        on
            mqls.definition_id = without_the_strongest.definition_id
            and mqls.account_id = without_the_strongest.account_id
            and mqls.product_line = without_the_strongest.product_line
            and mqls.mql_at = without_the_strongest.mql_at
    left join individuals
        on
            mqls.definition_id = individuals.definition_id
            and mqls.account_id = individuals.account_id
            and mqls.product_line = individuals.product_line
            and mqls.mql_at = individuals.mql_at

)

select * from final
