{{ config(materialized=projection('contact'), touched_rows_are_published=true) }}

-- Cut where the score or the fit changes, and where the contact begins or ceases
-- to be qualified.
with score_moves as (

    select * from {{ ref('int_ledger_moves') }}

),

fit_scores as (

    select * from {{ ref('int_fit_scores') }}

),

intervals as (

    select * from {{ ref('int_qualified_intervals') }}

),

clocks as (

    select
        clocks.definition_id,
        clocks.contact_id,
        product_lines.product_line,
        product_lines.half_life_days,
        clocks.started_at
    from {{ ref('int_contact_clocks') }} as clocks
    inner join {{ ref('int_product_lines') }} as product_lines
        on clocks.definition_id = product_lines.definition_id

),

changes as (

    {%- for relation, moment, score, qualified in [
        ('score_moves', 'changed_at', 'score_change', '0'),
        ('fit_scores', 'valid_from', '0.0', '0'),
        ('intervals', 'started_at', '0.0', '1'),
        ('intervals', 'ended_at', '0.0', '-1'),
    ] %}
    {%- if not loop.first %}

    union all
    {% endif %}
    select
        definition_id,
        contact_id,
        product_line,
        {{ score }} as score_change,
        {{ qualified }} as qualified_change,
        {%- for instant, source in [
            ('scored_at', 'score_moves'), ('segment_from', 'fit_scores'),
        ] %}
        {{ moment if relation == source else 'cast(null as timestamp)' }}
            as {{ instant }},
        {%- endfor %}
        {{ moment }} as changed_at
    from {{ relation }}
    where {{ moment }} <= {{ as_of() }}
    {%- endfor %}

),

-- what changed before the contact's history began holds from its beginning
instants as (

    select
        changes.definition_id,
        changes.contact_id,
        changes.product_line,
        clocks.half_life_days,
        sum(changes.score_change) as score_change,
        sum(changes.qualified_change) as qualified_change,
        max(changes.scored_at) as scored_at,
        max(changes.segment_from) as segment_from,
        greatest(changes.changed_at, clocks.started_at) as changed_at
    from changes
    inner join clocks
        on
            changes.definition_id = clocks.definition_id
            and changes.contact_id = clocks.contact_id
            and changes.product_line = clocks.product_line
    group by
        changes.definition_id,
        changes.contact_id,
        changes.product_line,
        clocks.half_life_days,
        greatest(changes.changed_at, clocks.started_at)

),

running as (

    select
        definition_id,
        contact_id,
        product_line,
        half_life_days,
        {%- for change, state in [
            ('sum(score_change)', 'score_when_scored'),
            ('sum(qualified_change)', 'qualified'),
            ('max(scored_at)', 'scored_at'),
            ('max(segment_from)', 'segment_from'),
        ] %}
        {{ change }} over (
            partition by definition_id, contact_id, product_line
            order by changed_at
            rows between unbounded preceding and current row
        ) as {{ state }},
        {%- endfor %}
        changed_at as valid_from,
        lead(changed_at) over (
            partition by definition_id, contact_id, product_line order by changed_at
        ) as valid_to
    from instants

),

scored as (

    select
        *,
        {{ round_score(score_at('valid_from')) }} as engagement_score
    from running

),

final as (

    select
        scored.definition_id,
        scored.contact_id,
        scored.product_line,
        fit_scores.account_id,
        fit_scores.fit_score,
        scored.engagement_score,
        {{ round_score('fit_scores.fit_score + scored.engagement_score') }}
            as total_score,
        scored.qualified > 0 as is_qualified,
        scored.valid_from,
        scored.valid_to
    from scored
    inner join fit_scores
        on
            scored.definition_id = fit_scores.definition_id
            and scored.contact_id = fit_scores.contact_id
            and scored.product_line = fit_scores.product_line
            and scored.segment_from = fit_scores.valid_from

)

select * from final
