with intervals as (

    select * from {{ ref('int_account_qualified_intervals') }}

),

spells as (

    {{ spells('intervals', 'account_id') }}

),

{{ official_spells('spells', 'account_id') }},

final as (

    select
        spells.definition_id,
        spells.account_id,
        spells.product_line,
        spells.end_reason,
        spells.lapse_count,
        official.mql_at is not null as is_official,
        spells.mql_at,
        spells.ended_at
    from spells
    left join official
        on
            spells.definition_id = official.definition_id
            and spells.account_id = official.account_id
            and spells.product_line = official.product_line
            and spells.mql_at = official.mql_at

)

select * from final
