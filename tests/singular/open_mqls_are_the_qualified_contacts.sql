-- Whoever qualifies now has an open MQL, and whoever has one qualifies now.
with open_mqls as (

    select * from {{ ref('fct_mqls') }}
    where ended_at is null

),

qualified as (

    select * from {{ ref('fct_contact_scores') }}
    where is_qualified

)

select
    coalesce(qualified.definition_id, open_mqls.definition_id) as definition_id,
    coalesce(qualified.contact_id, open_mqls.contact_id) as contact_id,
    coalesce(qualified.product_line, open_mqls.product_line) as product_line,
    open_mqls.mql_id
from qualified
full outer join open_mqls
    on
        qualified.definition_id = open_mqls.definition_id
        and qualified.contact_id = open_mqls.contact_id
        and qualified.product_line = open_mqls.product_line
where qualified.contact_id is null or open_mqls.contact_id is null
