{#-
    The checks of int_definition_problems. Each macro is a union of selects that give
    definition_id, seed and problem for every row that is wrong; the CTEs `definitions`
    and `product_lines` stand above them.
-#}

{#- Definitions themselves: decay, approvals, official intervals. -#}
{% macro definition_problems__definitions() %}
    select
        definition_id,
        'definitions' as seed,
        'decay_method ''' || coalesce(decay_method, '') || ''' is neither inactivity'
        || ' nor half_life' as problem
    from definitions
    where coalesce(decay_method, '') not in ('inactivity', 'half_life')

    union all

    select
        definition_id,
        'definitions' as seed,
        'inactivity decay needs inactivity_days and inactivity_period_days above 0, and'
        || ' inactivity_points' as problem
    from definitions
    where
        decay_method = 'inactivity'
        and (
            inactivity_points is null
            -- at 0 an engagement would be a silence, too
            or coalesce(inactivity_days, 0) <= 0
            or coalesce(inactivity_period_days, 0) <= 0
        )

    union all

    select
        definition_id,
        'definitions' as seed,
        'half_life decay needs half_life_days above 0' as problem
    from definitions
    where decay_method = 'half_life' and coalesce(half_life_days, 0) <= 0
    {%- for setting in [
        'machine_response_seconds', 'accepted_hold_days', 'closed_opportunity_hold_days',
        'requalify_points', 'requalify_gap_days',
    ] %}

    union all

    select
        definition_id,
        'definitions' as seed,
        '{{ setting }} is blank' as problem
    from definitions
    where {{ setting }} is null
    {%- endfor %}

    union all

    select
        definition_id,
        'definitions' as seed,
        'topic_depth_points without topic_depth_downloads and topic_depth_days' as problem
    from definitions
    where
        coalesce(topic_depth_points, 0) <> 0
        and (topic_depth_downloads is null or topic_depth_days is null)
    {%- for side in ['marketing', 'sales'] %}

    union all

    select
        definition_id,
        'definitions' as seed,
        'official from ' || cast(effective_from as {{ dbt.type_string() }})
        || ' but not approved by {{ side }} (approved_by_{{ side }} is blank)' as problem
    from definitions
    where effective_from is not null and approved_by_{{ side }} is null
    {%- endfor %}

    union all

    select
        definitions.definition_id,
        'definitions' as seed,
        'its official interval overlaps that of ' || others.definition_id
        || ': both are effective from '
        || cast(definitions.effective_from as {{ dbt.type_string() }}) as problem
    from definitions
    inner join definitions as others
        on
            definitions.effective_from = others.effective_from
            and definitions.definition_id > others.definition_id
{% endmacro %}

{#- No two rows for one key, in any seed; no rule of an unknown definition. -#}
{% macro definition_problems__keys() %}
    {%- for seed, key in [
        ('definitions', ['definition_id']),
        ('activity_points', ['definition_id', 'product_line', 'activity_type']),
        ('page_rules', ['definition_id', 'priority']),
        ('fit_points', ['definition_id', 'product_line', 'criterion']),
        ('target_specialties', ['definition_id', 'product_line', 'specialty']),
        ('role_classes', ['definition_id', 'product_line', 'role']),
        ('facility_classes', ['definition_id', 'product_line', 'facility_type']),
        ('geographies', ['definition_id', 'country', 'state']),
        ('qualification_criteria', ['definition_id', 'product_line']),
        ('rejection_reasons', ['definition_id', 'reason_code']),
        ('routing_rules', ['definition_id', 'priority']),
        ('sla_policies', ['definition_id', 'priority']),
        ('review_alerts', ['definition_id', 'alert']),
        ('review_cadence', ['definition_id', 'review']),
        ('specialties', ['specialty']),
        ('roles', ['role']),
        ('role_title_patterns', ['priority']),
        ('facility_types', ['facility_type']),
        ('activity_types', ['activity_type']),
    ] %}
    {%- set matched = [] -%}
    {%- for column in key -%}
        {%- do matched.append(
            match_key('cast(' ~ column ~ ' as ' ~ dbt.type_string() ~ ')')
        ) -%}
    {%- endfor -%}
    {%- set label -%}
        {%- for column in key -%}
            coalesce(cast({{ column }} as {{ dbt.type_string() }}), '(blank)')
            {{- " || ', ' || " if not loop.last }}
        {%- endfor -%}
    {%- endset %}
    {%- if not loop.first %}

    union all
    {% endif %}
    select
        {{ 'max(definition_id)' if key[0] == 'definition_id' else "'(every definition)'" }}
            as definition_id,
        '{{ seed }}' as seed,
        case
            when count(*) > 1 then 'two rows for one key: '
            else 'a key with a blank cell: '
        end || max({{ label }}) as problem
    from {{ ref(seed) }}
    -- as raw text meets them: two rows that differ in case or blanks are one key
    group by {{ matched | join(', ') }}
    having
        count(*) > 1
        {%- for column in key %}
        or max({{ column }}) is null
        {%- endfor %}
    {%- if key[0] == 'definition_id' and seed != 'definitions' %}

    union all

    select distinct
        {{ seed }}.definition_id,
        '{{ seed }}' as seed,
        'rows of a definition that the definitions seed does not know' as problem
    from {{ ref(seed) }} as {{ seed }}
    left join definitions
        on {{ seed }}.definition_id = definitions.definition_id
    where definitions.definition_id is null
    {%- endif %}
    {%- endfor %}
{% endmacro %}

{#- Every code a rule names is a word of its vocabulary. -#}
{% macro definition_problems__references() %}
    {%- for seed, column, vocabulary in [
        ('activity_points', 'activity_type', 'activity_types'),
        ('page_rules', 'activity_type', 'activity_types'),
        ('target_specialties', 'specialty', 'specialties'),
        ('role_classes', 'role', 'roles'),
        ('facility_classes', 'facility_type', 'facility_types'),
    ] %}
    {%- if not loop.first %}

    union all
    {% endif %}
    select
        {{ seed }}.definition_id,
        '{{ seed }}' as seed,
        'unknown {{ column }} ''' || coalesce({{ seed }}.{{ column }}, '')
        || ''': the {{ vocabulary }} vocabulary has no such row' as problem
    from {{ ref(seed) }} as {{ seed }}
    left join {{ ref(vocabulary) }} as {{ vocabulary }}
        on {{ seed }}.{{ column }} = {{ vocabulary }}.{{ column }}
    where {{ vocabulary }}.{{ column }} is null
    {%- endfor %}

    union all

    select
        '(every definition)' as definition_id,
        'role_title_patterns' as seed,
        'unknown role ''' || coalesce(role_title_patterns.role, '')
        || ''': the roles vocabulary has no such row' as problem
    from {{ ref('role_title_patterns') }} as role_title_patterns
    left join {{ ref('roles') }} as roles
        on role_title_patterns.role = roles.role
    where roles.role is null
    {%- for seed in [
        'activity_points', 'page_rules', 'fit_points', 'target_specialties',
        'role_classes', 'facility_classes', 'routing_rules',
    ] %}

    union all

    select distinct
        {{ seed }}.definition_id,
        '{{ seed }}' as seed,
        'product line ''' || {{ seed }}.product_line
        || ''' has no row in qualification_criteria' as problem
    from {{ ref(seed) }} as {{ seed }}
    left join product_lines
        on
            {{ seed }}.definition_id = product_lines.definition_id
            and {{ seed }}.product_line = product_lines.product_line
    where {{ seed }}.product_line <> '*' and product_lines.product_line is null
    {%- endfor %}
    {%- for seed, column, words in [
        (
            'fit_points', 'criterion',
            ['target_specialty', 'target_facility', 'decision_maker', 'target_geography',
             'trainee', 'disqualified_facility', 'current_customer'],
        ),
        (
            'role_classes', 'role_class',
            role_class_words(),
        ),
        ('facility_classes', 'facility_class', ['target', 'neutral', 'disqualified']),
        ('geographies', 'coverage', ['target', 'covered', 'uncovered']),
    ] %}

    union all

    select
        definition_id,
        '{{ seed }}' as seed,
        '{{ column }} ''' || coalesce({{ column }}, '') || ''' is none of {{ words | join(", ") }}'
            as problem
    from {{ ref(seed) }}
    where coalesce({{ column }}, '') not in {{ text_list(words) }}
    {%- endfor %}
{% endmacro %}

{#- Nothing a score needs is left out. -#}
{% macro definition_problems__coverage() %}
    select
        product_lines.definition_id,
        'activity_points' as seed,
        'activity type ' || activity_types.activity_type || ' has no points for line '
        || product_lines.product_line as problem
    from product_lines
    cross join {{ ref('activity_types') }} as activity_types
    left join {{ ref('activity_points') }} as activity_points
        on
            product_lines.definition_id = activity_points.definition_id
            and activity_types.activity_type = activity_points.activity_type
            and activity_points.product_line in ('*', product_lines.product_line)
            and activity_points.points is not null
    where activity_points.activity_type is null

    union all

    select
        product_lines.definition_id,
        'fit_points' as seed,
        'criterion ' || criteria.criterion || ' has no points for line '
        || product_lines.product_line as problem
    from product_lines
    cross join (
        {%- for criterion in [
            'target_specialty', 'target_facility', 'decision_maker', 'target_geography',
            'trainee', 'disqualified_facility',
        ] %}
        select '{{ criterion }}' as criterion
        {%- if not loop.last %}
        union all
        {%- endif %}
        {%- endfor %}
    ) as criteria
    left join {{ ref('fit_points') }} as fit_points
        on
            product_lines.definition_id = fit_points.definition_id
            and criteria.criterion = fit_points.criterion
            and fit_points.product_line in ('*', product_lines.product_line)
            and fit_points.points is not null
    where fit_points.criterion is null
    {%- for seed in [
        'qualification_criteria', 'geographies', 'rejection_reasons', 'sla_policies',
    ] %}

    union all

    select
        definitions.definition_id,
        '{{ seed }}' as seed,
        'no row at all for this definition' as problem
    from definitions
    left join {{ ref(seed) }} as {{ seed }}
        on definitions.definition_id = {{ seed }}.definition_id
    where {{ seed }}.definition_id is null
    {%- endfor %}

    union all

    select
        definitions.definition_id,
        'rejection_reasons' as seed,
        'reason ' || reasons.reason_code || ' has no row with hold_days' as problem
    from definitions
    cross join (
        {%- for reason in [
            'wrong_specialty', 'wrong_role', 'not_qualified_facility', 'no_budget',
            'existing_customer', 'no_response', 'other', 'unspecified',
        ] %}
        select '{{ reason }}' as reason_code
        {%- if not loop.last %}
        union all
        {%- endif %}
        {%- endfor %}
    ) as reasons
    left join {{ ref('rejection_reasons') }} as rejection_reasons
        on
            definitions.definition_id = rejection_reasons.definition_id
            and reasons.reason_code = rejection_reasons.reason_code
            and rejection_reasons.hold_days is not null
    where rejection_reasons.reason_code is null

    union all

    select
        definitions.definition_id,
        'sla_policies' as seed,
        'priority ' || priorities.priority || ' has no row with hours' as problem
    from definitions
    cross join (
        select 'high' as priority
        union all
        select 'standard' as priority
    ) as priorities
    left join {{ ref('sla_policies') }} as sla_policies
        on
            definitions.definition_id = sla_policies.definition_id
            and priorities.priority = sla_policies.priority
            and sla_policies.hours is not null
    where sla_policies.priority is null

    union all

    select
        definition_id,
        'qualification_criteria' as seed,
        'product_line ''*'' is no line: name each line' as problem
    from product_lines
    where product_line = '*'
{% endmacro %}

{#- Every line can be reached by somebody it is meant for. -#}
{% macro definition_problems__thresholds() %}
    {%- set words = role_class_words() -%}
    {%- set left_over = namespace(
        text="'|' || replace(allowed_role_classes, ' ', '') || '|'"
    ) -%}
    {%- for word in words -%}
        {%- set left_over.text = "replace(" ~ left_over.text ~ ", '|" ~ word ~ "|', '||')" -%}
    {%- endfor -%}
    select
        definition_id,
        'qualification_criteria' as seed,
        'line ' || product_line || ' allows a role class that is none of {{ words | join(", ") }}: '
        || allowed_role_classes as problem
    from {{ ref('qualification_criteria') }}
    where replace({{ left_over.text }}, '|', '') <> ''

    union all

    select
        definition_id,
        'qualification_criteria' as seed,
        'line ' || product_line || ' sets neither min_total_score, min_engagement_score'
        || ' nor direct_request_days: nobody can ever qualify' as problem
    from {{ ref('qualification_criteria') }}
    where
        min_total_score is null
        and min_engagement_score is null
        and direct_request_days is null

    union all

    select
        definition_id,
        'qualification_criteria' as seed,
        'line ' || product_line || ' requires a service signal but service_window_days'
        || ' is blank' as problem
    from {{ ref('qualification_criteria') }}
    where requires_service_signal and service_window_days is null

    union all

    select
        criteria.definition_id,
        'qualification_criteria' as seed,
        'line ' || criteria.product_line || ': min_fit_score '
        || {{ number_text('criteria.min_fit_score') }}
        || ' can never be reached by the allowed role class ' || classes.role_class
        || ' (at most ' || {{ number_text(
            'fit.base_points + case'
            ~ " when classes.role_class = 'decision_maker' then fit.decision_maker"
            ~ " when classes.role_class = 'trainee' then fit.trainee"
            ~ ' else 0'
            ~ ' end'
        ) }} || ' points)' as problem
    from {{ ref('qualification_criteria') }} as criteria
    cross join (
        {%- for role_class in words %}
        select '{{ role_class }}' as role_class
        {%- if not loop.last %}
        union all
        {%- endif %}
        {%- endfor %}
    ) as classes
    inner join (
        select
            definition_id,
            for_product_line,
            sum(case
                when criterion in (
                    'target_specialty', 'target_facility', 'target_geography',
                    'current_customer'
                ) and points > 0 then points
                else 0
            end) as base_points,
            sum(case when criterion = 'decision_maker' then points else 0 end)
                as decision_maker,
            sum(case when criterion = 'trainee' then points else 0 end) as trainee
        from ({{ rules_by_line('fit_points', 'criterion') }}) as fit_points
        group by definition_id, for_product_line
    ) as fit
        on
            criteria.definition_id = fit.definition_id
            and criteria.product_line = fit.for_product_line
    where
        criteria.min_fit_score > fit.base_points + case
            when classes.role_class = 'decision_maker' then fit.decision_maker
            when classes.role_class = 'trainee' then fit.trainee
            else 0
        end
        and (
            {{ role_class_is_listed('criteria.allowed_role_classes', 'classes.role_class') }}
            -- with no list every class may qualify; then the best one must be able to
            or (
                criteria.allowed_role_classes is null
                and classes.role_class = 'decision_maker'
                and fit.decision_maker >= 0
            )
        )
{% endmacro %}

{#- The classes a role may have on a line (F2). -#}
{% macro role_class_words() -%}
    {{ return([
        'decision_maker', 'influencer', 'user', 'trainee', 'non_buyer', 'unknown',
    ]) }}
{%- endmacro %}

{#- Whether a role class is in a '|' separated list. -#}
{% macro role_class_is_listed(list, role_class) -%}
    {{ dbt.position(
        "'|' || " ~ role_class ~ " || '|'",
        "replace('|' || " ~ list ~ " || '|', ' ', '')"
    ) }} > 0
{%- endmacro %}

{#- Stops the run with every problem by name. -#}
{% macro stop_on_definition_problems() %}
    {%- if execute -%}
        {%- set problems = run_query(
            "select definition_id, seed, problem from " ~ this
            ~ " order by definition_id, seed, problem"
        ).rows -%}
        {%- if problems -%}
            {%- set lines = [] -%}
            {%- for row in problems[:20] -%}
                {%- do lines.append(
                    row[0] ~ ": " ~ row[2] ~ " (seed " ~ row[1] ~ ".csv)"
                ) -%}
            {%- endfor -%}
            {{ exceptions.raise_compiler_error(
                "The MQL definition has " ~ problems | length ~ " problem(s); no score was"
                ~ " built.\n  - " ~ lines | join("\n  - ")
            ) }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
