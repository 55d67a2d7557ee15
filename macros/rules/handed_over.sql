{#-
    One row per MQL handed over, an individual's or an account's, as it stood when it was
    awarded (M5). A contact's belongs to a hand-over that may hold several (H1).
-#}
{% macro handed_over() -%}
    select
        conversations.handoff_id,
        conversations.mql_id,
        'contact' as handoff_type,
        mqls.definition_id,
        mqls.contact_id,
        conversations.account_id,
        mqls.trigger_activity_id,
        mqls.product_line,
        mqls.trigger_type,
        mqls.specialty,
        mqls.role,
        mqls.role_class,
        mqls.facility_type,
        mqls.country,
        mqls.state,
        mqls.bed_count,
        mqls.fit_score,
        mqls.engagement_score,
        mqls.total_score,
        cast(null as integer) as engaged_contacts,
        conversations.is_primary,
        conversations.is_official,
        conversations.is_counted,
        coalesce(mqls.end_reason = 'lapsed', false) as is_lapsed,
        mqls.mql_at,
        conversations.handed_over_at
    from {{ ref('int_conversations') }} as conversations
    inner join {{ ref('fct_mqls') }} as mqls
        on conversations.mql_id = mqls.mql_id

    union all

    select
        account_handoffs.account_mql_id as handoff_id,
        account_handoffs.account_mql_id as mql_id,
        'account' as handoff_type,
        account_handoffs.definition_id,
        cast(null as {{ dbt.type_string() }}) as contact_id,
        account_handoffs.account_id,
        cast(null as {{ dbt.type_string() }}) as trigger_activity_id,
        account_handoffs.product_line,
        'account_engagement' as trigger_type,
        cast(null as {{ dbt.type_string() }}) as specialty,
        cast(null as {{ dbt.type_string() }}) as role,
        cast(null as {{ dbt.type_string() }}) as role_class,
        account_handoffs.facility_type,
        account_handoffs.country,
        account_handoffs.state,
        account_handoffs.bed_count,
        cast(null as {{ type_double() }}) as fit_score,
        account_mqls.engagement_score,
        account_mqls.engagement_score as total_score,
        account_mqls.engaged_contacts,
        true as is_primary,
        true as is_official,
        true as is_counted,
        coalesce(account_handoffs.end_reason = 'lapsed', false) as is_lapsed,
        account_handoffs.mql_at,
        account_handoffs.mql_at as handed_over_at
    from {{ ref('int_account_handoffs') }} as account_handoffs
    inner join {{ ref('fct_account_mqls') }} as account_mqls
        on account_handoffs.account_mql_id = account_mqls.account_mql_id
{%- endmacro %}
