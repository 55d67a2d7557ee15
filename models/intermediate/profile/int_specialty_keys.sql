with specialties as (

    select * from {{ ref('specialties') }}

),

keys as (

    select
        {{ match_key('specialty') }} as match_key,
        specialty,
        1 as precedence
    from specialties

    union all

    select
        {{ match_key('specialty_name') }} as match_key,
        specialty,
        2 as precedence
    from specialties

    union all

    select
        {{ match_key('nucc_code') }} as match_key,
        specialty,
        3 as precedence
    from specialties

),

ranked as (

    select
        match_key,
        specialty,
        row_number() over (
            partition by match_key order by precedence, {{ byte_order('specialty') }}
        ) as key_rank
    from keys
    where match_key is not null and match_key <> ''

),

final as (

    select
        match_key,
        specialty
    from ranked
    where key_rank = 1

)

select * from final
