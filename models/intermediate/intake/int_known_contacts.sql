{{ config(materialized='view_by_contact') }}

-- A view, so that the ids of erased contacts are stored nowhere.
with versions as (

    select * from {{ ref('int_contacts_intake') }}

),

final as (

    select
        contact_id,
        max(case when is_erased then 1 else 0 end) = 1 as is_erased
    from versions
    where verdict in ('accepted', 'erased')
    group by contact_id

)

select * from final
