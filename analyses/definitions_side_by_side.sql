-- How many MQLs would each definition have given, per month and line?
select
    {{ dbt.date_trunc('month', 'mql_at') }} as mql_month,
    product_line,
    definition_id,
    count(*) as mqls,
    count(distinct contact_id) as contacts
from {{ ref('fct_mqls') }}
group by {{ dbt.date_trunc('month', 'mql_at') }}, product_line, definition_id
order by mql_month, product_line, definition_id
