{{ config(materialized=projection()) }}

with standing as (

    select * from {{ ref('int_account_standing') }}
    where valid_to is null

),

final as (

    select
        definition_id,
        account_id,
        product_line,
        {{ round_score(score_at(as_of())) }} as engagement_score,
        engaged_contacts,
        is_qualified,
        {{ as_of() }} as as_of
    from standing

)

select * from final
