{{ config(materialized='view') }}

with judged as (

    {{ at_the_door(
        'sales_reps',
        ref('stg_crm__sales_reps'),
        refusals=[
            ('rep_id is null', 'missing_key'),
            ('loaded_at is null', 'bad_timestamp'),
            ('loaded_at > ' ~ as_of(), 'not_yet_visible'),
        ],
        key=['rep_id'],
        latest_by=['loaded_at'],
    ) }}

),

final as (

    select
        rep_id,
        rep_name,
        rep_email,
        {{ raw_record('sales_reps', 'raw_') }} as raw_record,
        coalesce(verdict, 'accepted') as verdict,
        monthly_capacity,
        is_active,
        loaded_at
    from judged

)

select * from final
