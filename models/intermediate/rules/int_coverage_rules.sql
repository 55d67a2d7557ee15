-- depends_on: {{ ref('int_definition_problems') }}
with geographies as (

    select * from {{ ref('geographies') }}

),

final as (

    select
        definition_id,
        upper({{ trimmed('country') }}) as country,
        upper({{ trimmed('state') }}) as state,
        coverage,
        territory
    from geographies

)

select * from final
