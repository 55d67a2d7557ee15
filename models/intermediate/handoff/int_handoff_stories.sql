with people as (

    select * from {{ ref('int_handoff_people') }}

),

{{ stories('people', 'handoff_id') }}

select * from final
