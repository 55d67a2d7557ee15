{{ config(materialized='view') }}

-- By hash: the ids of erased contacts are stored nowhere.
with final as (

    select distinct contact_hash
    from {{ ref('int_refused_contacts') }}
    where verdict = 'erased'

)

select * from final
