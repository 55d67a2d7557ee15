{{ config(materialized='table_by_contact') }}

with intervals as (

    select * from {{ ref('int_qualified_intervals') }}

),

spells as (

    {{ spells(
        'intervals',
        'contact_id',
        always_new="trigger_type = 'direct_request'",
        start_columns=['trigger_type', 'trigger_activity_id'],
    ) }}

),

{{ official_spells('spells', 'contact_id') }},

final as (

    select
        spells.definition_id,
        spells.contact_id,
        spells.product_line,
        spells.trigger_activity_id,
        spells.trigger_type,
        spells.end_reason,
        spells.lapse_count,
        official.mql_at is not null as is_official,
        spells.mql_at,
        spells.ended_at
    from spells
    left join official
        on
            spells.definition_id = official.definition_id
            and spells.contact_id = official.contact_id
            and spells.product_line = official.product_line
            and spells.mql_at = official.mql_at

)

select * from final
