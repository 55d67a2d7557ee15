{{ config(
    materialized='incremental',
    incremental_strategy='append',
    full_refresh=false,
    on_schema_change='append_new_columns',
) }}

-- Each month's headline figures as they stood at the first run after it closed. Appended
-- once and never touched again, by a full refresh neither: counts only, nobody's data.
with review as (

    select * from {{ ref('fct_monthly_review') }}
    where {{ month_is_mature('month', 0) }}

),

final as (

    select
        review.mqls,
        review.responded,
        review.accepted,
        review.rejected,
        review.opportunities,
        review.won,
        review.amount_won_usd,
        review.month,
        {{ as_of() }} as reported_at
    from review
    {%- if is_incremental() %}
    left join {{ this }} as reported
        on review.month = reported.month
    where reported.month is null
    {%- endif %}

)

select * from final
