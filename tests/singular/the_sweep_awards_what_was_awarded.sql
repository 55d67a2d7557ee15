-- Tried at the threshold in force, the sweep of thresholds awards the MQLs there are.
with tried as (

    select
        definition_id,
        contact_id,
        product_line,
        mql_at
    from {{ ref('int_sweep_mqls') }}
    where step = 0

),

awarded as (

    select
        mqls.definition_id,
        mqls.contact_id,
        mqls.product_line,
        mqls.mql_at
    from {{ ref('fct_mqls') }} as mqls
    inner join {{ ref('int_product_lines') }} as product_lines
        on
            mqls.definition_id = product_lines.definition_id
            and mqls.product_line = product_lines.product_line
    where
        coalesce(product_lines.min_engagement_score, product_lines.min_total_score)
        is not null

)

select
    coalesce(tried.definition_id, awarded.definition_id) as definition_id,
    coalesce(tried.contact_id, awarded.contact_id) as contact_id,
    coalesce(tried.product_line, awarded.product_line) as product_line,
    tried.mql_at as tried_at,
    awarded.mql_at as awarded_at
from tried
full outer join awarded
    on
        tried.definition_id = awarded.definition_id
        and tried.contact_id = awarded.contact_id
        and tried.product_line = awarded.product_line
        and tried.mql_at = awarded.mql_at
where tried.mql_at is null or awarded.mql_at is null
