-- The same for accounts.
with open_mqls as (

    select * from {{ ref('fct_account_mqls') }}
    where ended_at is null

),

qualified as (

    select * from {{ ref('fct_account_scores') }}
    where is_qualified

)

select
    coalesce(qualified.definition_id, open_mqls.definition_id) as definition_id,
    coalesce(qualified.account_id, open_mqls.account_id) as account_id,
    coalesce(qualified.product_line, open_mqls.product_line) as product_line,
    open_mqls.account_mql_id
from qualified
full outer join open_mqls
    on
        qualified.definition_id = open_mqls.definition_id
        and qualified.account_id = open_mqls.account_id
        and qualified.product_line = open_mqls.product_line
where qualified.account_id is null or open_mqls.account_id is null
