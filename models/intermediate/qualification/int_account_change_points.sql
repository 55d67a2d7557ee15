{{ config(materialized='view_by_account') }}

-- The timeline of an account and line: what its countable contacts add and take away,
-- its own gates, its open opportunities.
{%- set kinds = ['score', 'engaged', 'qualifying', 'gates', 'opportunity'] %}
with quorums as (

    select * from {{ ref('int_account_quorums') }}

),

contributions as (

    select contributions.*
    from {{ ref('int_account_contributions') }} as contributions
    inner join quorums
        on
            contributions.definition_id = quorums.definition_id
            and contributions.account_id = quorums.account_id
            and contributions.product_line = quorums.product_line

),

gates as (

    select gates.*
    from {{ ref('int_account_gates') }} as gates
    inner join quorums
        on
            gates.definition_id = quorums.definition_id
            and gates.account_id = quorums.account_id
            and gates.product_line = quorums.product_line

),

opportunities as (

    select
        quorums.definition_id,
        opportunities.account_id,
        quorums.product_line,
        opportunities.created_at,
        opportunities.closed_at
    from {{ ref('int_opportunities') }} as opportunities
    inner join quorums
        on
            opportunities.account_id = quorums.account_id
            and {{ counts_for_line(
                'opportunities.product_line', 'quorums.product_line'
            ) }}
    where
        opportunities.closed_at is null
        or opportunities.created_at < opportunities.closed_at

),

changes as (

    {%- for moment, relation, condition, amounts in [
        ('valid_from', 'contributions', 'true', {
            'score': 'score_at_start',
            'engaged': 'case when is_engaged then 1 else 0 end',
            'qualifying': 'case when passes_gates_and_fit then 1 else 0 end',
        }),
        ('valid_to', 'contributions', 'valid_to is not null', {
            'score': '-score_at_end',
            'qualifying': 'case when passes_gates_and_fit then -1 else 0 end',
        }),
        ('engaged_until', 'contributions', 'is_engaged and engaged_until is not null', {
            'engaged': '-1',
        }),
        ('valid_from', 'gates', 'passes_gates', {'gates': '1'}),
        ('valid_to', 'gates', 'passes_gates and valid_to is not null', {
            'gates': '-1',
        }),
        ('created_at', 'opportunities', 'true', {'opportunity': '1'}),
        ('closed_at', 'opportunities', 'closed_at is not null', {
            'opportunity': '-1',
        }),
    ] %}
    {%- if not loop.first %}

    union all
    {% endif %}
    select
        definition_id,
        account_id,
        product_line,
        {%- for kind in kinds %}
        cast({{ amounts.get(kind, '0') }} as {{ type_double() }}) as {{ kind }}_amount,
        {%- endfor %}
        {{ moment }} as changed_at
    from {{ relation }}
    where {{ condition }}
    {%- endfor %}

),

final as (

    select
        definition_id,
        account_id,
        product_line,
        {%- for kind in kinds %}
        sum({{ kind }}_amount) as {{ kind }}_change,
        {%- endfor %}
        changed_at
    from changes
    where changed_at <= {{ as_of() }}
    group by definition_id, account_id, product_line, changed_at

)

select * from final
