{{ config(materialized='view') }}

with judged as (

    {{ at_the_door(
        'accounts',
        ref('stg_crm__accounts'),
        refusals=[
            ('account_id is null', 'missing_key'),
            ('updated_at is null or loaded_at is null', 'bad_timestamp'),
            ('loaded_at > ' ~ as_of(), 'not_yet_visible'),
            ('updated_at > ' ~ as_of(), 'not_yet_visible'),
        ],
        key=['account_id', 'updated_at'],
        latest_by=['loaded_at'],
    ) }}

),

final as (

    select
        account_id,
        account_name,
        facility_type,
        state,
        country,
        parent_account_id,
        owner_rep_id,
        {{ raw_record('accounts', 'raw_') }} as raw_record,
        coalesce(verdict, 'accepted') as verdict,
        bed_count,
        updated_at,
        loaded_at
    from judged

)

select * from final
