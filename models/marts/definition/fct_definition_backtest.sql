-- Each definition against the same history: do its MQLs become opportunities within so
-- many days, and did the opportunities have an MQL before them.
--
-- Beware: reps open opportunities for leads they were handed. A definition that was in
-- force so makes its own luck, and its precision is no proof. What became of MQLs whose
-- contact was never handed over is therefore shown apart; it is the fair comparison.
with mqls as (

    select * from {{ ref('fct_mqls') }}
    where {{ add_days('mql_at', var('outcome_mature_days')) }} <= {{ as_of() }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

opportunities as (

    select * from {{ ref('int_opportunities') }}
    where contact_id is not null

),

handoffs as (

    select * from {{ ref('fct_mql_handoffs') }}
    where handoff_type = 'contact'

),

contacts as (

    select * from {{ ref('dim_contacts') }}

),

converted as (

    select distinct mqls.mql_id
    from mqls
    inner join opportunities
        on
            mqls.contact_id = opportunities.contact_id
            and {{ counts_for_line('opportunities.product_line', 'mqls.product_line') }}
            and mqls.mql_at < opportunities.created_at
            and opportunities.created_at
            <= {{ add_days('mqls.mql_at', var('outcome_mature_days')) }}

),

-- in the hands of sales in the time that is judged, or shortly before
in_hand as (

    select
        mqls.mql_id,
        max(case when handoffs.accepted_at is not null then 1 else 0 end) as accepted
    from mqls
    inner join handoffs
        on
            mqls.contact_id = handoffs.contact_id
            and {{ add_days('mqls.mql_at', -var('outcome_mature_days')) }}
            < handoffs.handed_over_at
            and handoffs.handed_over_at
            <= {{ add_days('mqls.mql_at', var('outcome_mature_days')) }}
    group by mqls.mql_id

),

judged as (

    select
        mqls.definition_id,
        mqls.product_line,
        count(*) as mqls,
        count(in_hand.mql_id) as handed_over,
        sum(coalesce(in_hand.accepted, 0)) as accepted,
        count(converted.mql_id) as converted,
        count(case when in_hand.mql_id is not null then converted.mql_id end)
            as handed_over_converted
    from mqls
    left join in_hand
        on mqls.mql_id = in_hand.mql_id
    left join converted
        on mqls.mql_id = converted.mql_id
    group by mqls.definition_id, mqls.product_line

),

history as (

    select min(mql_at) as first_mql_at
    from {{ ref('fct_mqls') }}

),

-- the opportunities an MQL could have announced
judged_opportunities as (

    select
        product_lines.definition_id,
        product_lines.product_line,
        opportunities.opportunity_id,
        opportunities.contact_id,
        opportunities.created_at
    from opportunities
    inner join product_lines
        on {{ counts_for_line(
            'opportunities.product_line', 'product_lines.product_line'
        ) }}
    inner join history
        on history.first_mql_at < opportunities.created_at

),

announced as (

    select distinct
        judged_opportunities.definition_id,
        judged_opportunities.product_line,
        judged_opportunities.opportunity_id
    from judged_opportunities
    inner join {{ ref('fct_mqls') }} as earlier_mqls
        on
            judged_opportunities.definition_id = earlier_mqls.definition_id
            and judged_opportunities.contact_id = earlier_mqls.contact_id
            and judged_opportunities.product_line = earlier_mqls.product_line
            and earlier_mqls.mql_at < judged_opportunities.created_at
            and judged_opportunities.created_at
            <= {{ add_days('earlier_mqls.mql_at', var('outcome_mature_days')) }}

),

recalled as (

    select
        judged_opportunities.definition_id,
        judged_opportunities.product_line,
        count(*) as opportunities,
        count(announced.opportunity_id) as announced
    from judged_opportunities
    left join announced
        on
            judged_opportunities.definition_id = announced.definition_id
            and judged_opportunities.product_line = announced.product_line
            and judged_opportunities.opportunity_id = announced.opportunity_id
    group by judged_opportunities.definition_id, judged_opportunities.product_line

),

-- how often anybody at all gets an opportunity in as many days
exposure as (

    select
        sum(
            {{ days_between(
                'greatest(contacts.created_at, history.first_mql_at)', as_of()
            ) }}
        ) as contact_days
    from contacts
    cross join history
    where contacts.created_at < {{ as_of() }} and history.first_mql_at < {{ as_of() }}

),

measured as (

    select
        product_lines.definition_id,
        product_lines.product_line,
        coalesce(judged.mqls, 0) as mqls,
        coalesce(judged.handed_over, 0) as handed_over,
        coalesce(judged.accepted, 0) as accepted,
        coalesce(judged.converted, 0) as converted,
        coalesce(judged.handed_over_converted, 0) as handed_over_converted,
        coalesce(judged.mqls, 0) - coalesce(judged.handed_over, 0) as never_handed_over,
        coalesce(judged.converted, 0) - coalesce(judged.handed_over_converted, 0)
            as never_handed_over_converted,
        coalesce(recalled.opportunities, 0) as opportunities,
        coalesce(recalled.announced, 0) as announced,
        case
            when exposure.contact_days > 0
                then recalled.opportunities * {{ var('outcome_mature_days') }}
                    / exposure.contact_days
        end as base_rate
    from product_lines
    cross join exposure
    left join judged
        on
            product_lines.definition_id = judged.definition_id
            and product_lines.product_line = judged.product_line
    left join recalled
        on
            product_lines.definition_id = recalled.definition_id
            and product_lines.product_line = recalled.product_line

),

rated as (

    select
        *,
        {{ rate_with_bounds('mql_precision', 'converted', 'mqls') }}
    from measured

),

final as (

    select
        definition_id,
        product_line,
        cast(mqls as integer) as mqls,
        cast(handed_over as integer) as handed_over,
        cast(converted as integer) as converted,
        cast(opportunities as integer) as opportunities,
        cast(announced as integer) as announced,
        {{ rate('handed_over', 'mqls') }} as observed_share,
        mql_precision as {{ adapter.quote('precision') }},
        mql_precision_low as precision_low,
        mql_precision_high as precision_high,
        {{ rate_with_bounds(
            'precision_handed_over', 'handed_over_converted', 'handed_over'
        ) }},
        {{ rate_with_bounds(
            'precision_never_handed_over',
            'never_handed_over_converted',
            'never_handed_over',
        ) }},
        {{ rate_with_bounds('recall', 'announced', 'opportunities') }},
        {{ round_score('base_rate') }} as base_rate,
        case
            when base_rate > 0 then {{ round_score('mql_precision / base_rate') }}
        end as lift,
        case
            when base_rate > 0 then {{ round_score('mql_precision_low / base_rate') }}
        end as lift_low,
        case
            when base_rate > 0 then {{ round_score('mql_precision_high / base_rate') }}
        end as lift_high,
        {{ rate('accepted', 'handed_over') }} as observed_acceptance_rate,
        -- of the others nobody knows: between all rejected and all accepted
        {{ rate('accepted', 'mqls') }} as acceptance_rate_low,
        {{ rate('(accepted + never_handed_over)', 'mqls') }} as acceptance_rate_high,
        mqls >= {{ var('enough_mqls') }} as is_enough_data
    from rated

)

select * from final
