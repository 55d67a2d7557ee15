{#-
    The name of an MQL: the MD5 of its definition, whom it is of, line and time. An
    account's says so, since accounts and contacts may be numbered alike.
-#}
{% macro mql_id(mqls, who) -%}
    {{ dbt.hash(
        ("'account|' || " if who == 'account_id' else '')
        ~ mqls ~ ".definition_id || '|' || " ~ mqls ~ "." ~ who
        ~ " || '|' || " ~ mqls ~ ".product_line || '|' || cast("
        ~ epoch_us(mqls ~ '.mql_at') ~ " as " ~ dbt.type_string() ~ ")"
    ) }}
{%- endmacro %}
