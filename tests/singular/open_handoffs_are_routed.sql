{{ config(severity='warn') }}

-- An open hand-over that no rep owns is nobody's: give the account an owner, or its
-- territory, line and specialty a routing rule to an active rep.
select
    handoff_id,
    account_id,
    territory,
    product_line,
    specialty
from {{ ref('fct_mql_handoffs') }}
where is_primary and status = 'open' and routed_by = 'unrouted'
