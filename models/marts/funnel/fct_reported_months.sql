{{ config(
    materialized='incremental',
    incremental_strategy='append',
    full_refresh=false,
    on_schema_change='append_new_columns',
) }}

-- Each month's headline figures as they stood at the first run after it closed.
-- Appended once and never touched again, by a full refresh neither: counts only,
-- nobody's data.
with review as (

    select * from {{ ref('fct_monthly_review') }}

),

months as (

    select * from {{ ref('int_months') }}
    where is_over

),

-- A month closes once its source has delivered beyond it. Otherwise a loader that stood
-- still over the month's end, or an `as_of` in the future, would freeze half a month.
delivered as (

    select max(loaded_at) as delivered_until
    from {{ ref('int_activities') }}

),

closed as (

    select
        review.mqls,
        review.responded,
        review.accepted,
        review.rejected,
        review.opportunities,
        review.won,
        review.amount_won_usd,
        {{ is_sample() | lower }} as is_sample,
        review.month,
        {{ as_of() }} as reported_at
    from review
    inner join months
        on review.month = months.month
    inner join delivered
        on months.ends_at <= delivered.delivered_until

),

final as (

    select closed.*
    from closed
    {% if is_incremental() -%}
    left join {{ this }} as reported
        on
            closed.month = reported.month
            and closed.is_sample = reported.is_sample
    where reported.month is null
    {%- endif %}

)

select * from final
