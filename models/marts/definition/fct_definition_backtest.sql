-- Each definition against the same history: do its MQLs become opportunities within so
-- many days, and did the opportunities have an MQL before them.
--
-- Beware: reps open opportunities for leads they were handed. A definition that was in
-- force so makes its own luck, and its precision is no proof. What became of MQLs whose
-- contact was never handed over is therefore shown apart; it is the fair comparison.
with product_lines as (

    select * from {{ ref('int_product_lines') }}

),

mqls as (

    select * from {{ ref('int_backtest_mqls') }}

),

opportunities as (

    select * from {{ ref('int_backtest_opportunities') }}

),

contacts as (

    select * from {{ ref('dim_contacts') }}

),

judged as (

    select
        definition_id,
        product_line,
        count(*) as mqls,
        count(case when has_converted then 1 end) as converted,
        count(case when was_handed_over then 1 end) as handed_over,
        count(case when was_handed_over and has_converted then 1 end)
            as handed_over_converted,
        count(case when not was_handed_over then 1 end) as never_handed_over,
        count(case when not was_handed_over and has_converted then 1 end)
            as never_handed_over_converted,
        count(case when was_accepted then 1 end) as accepted
    from mqls
    group by definition_id, product_line

),

recalled as (

    select
        definition_id,
        product_line,
        count(*) as opportunities,
        count(case when was_announced then 1 end) as announced
    from opportunities
    group by definition_id, product_line

),

history as (

    select min(mql_at) as first_mql_at
    from {{ ref('fct_mqls') }}

),

-- how many days anybody at all could have had an opportunity
exposure as (

    select
        sum(
            {{ days_between(
                'greatest(contacts.created_at, history.first_mql_at)', as_of()
            ) }}
        ) as contact_days
    from contacts
    inner join history
        on greatest(contacts.created_at, history.first_mql_at) < {{ as_of() }}

),

measured as (

    select
        product_lines.definition_id,
        product_lines.product_line,
        coalesce(judged.mqls, 0) as mqls,
        coalesce(judged.converted, 0) as converted,
        coalesce(judged.handed_over, 0) as handed_over,
        coalesce(judged.handed_over_converted, 0) as handed_over_converted,
        coalesce(judged.never_handed_over, 0) as never_handed_over,
        coalesce(judged.never_handed_over_converted, 0) as never_handed_over_converted,
        coalesce(judged.accepted, 0) as accepted,
        coalesce(recalled.opportunities, 0) as opportunities,
        coalesce(recalled.announced, 0) as announced,
        coalesce(recalled.opportunities, 0) * {{ var('outcome_mature_days') }}
        / nullif(exposure.contact_days, 0) as base_rate
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
        cast(converted as integer) as converted,
        cast(handed_over as integer) as handed_over,
        cast(never_handed_over as integer) as never_handed_over,
        cast(accepted as integer) as accepted,
        cast(opportunities as integer) as opportunities,
        cast(announced as integer) as announced,
        {{ rate('handed_over', 'mqls') }} as observed_share,
        mql_precision as precision,
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
        {% for bound in ['', '_low', '_high'] -%}
        case
            when base_rate > 0
                then {{ round_score('mql_precision' ~ bound ~ ' / base_rate') }}
        end as lift{{ bound }},
        {% endfor -%}
        {{ rate('accepted', 'handed_over') }} as observed_acceptance_rate,
        -- of the others nobody knows: between all rejected and all accepted
        {{ rate('accepted', 'mqls') }} as acceptance_rate_low,
        {{ rate('(accepted + never_handed_over)', 'mqls') }} as acceptance_rate_high,
        mqls >= {{ var('enough_mqls') }} as is_enough_data
    from rated

)

select * from final
