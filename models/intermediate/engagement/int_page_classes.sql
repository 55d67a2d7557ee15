{{ config(materialized='table_by_contact', contact_key='page_url') }}

-- depends_on: {{ ref('int_definition_problems') }}
-- Pages are classed once per address, not once per view.
with pages as (

    select distinct page_url
    from {{ ref('int_activities') }}
    where activity_type = 'page_view' and page_url is not null

),

page_rules as (

    select * from {{ ref('page_rules') }}

),

matches as (

    select
        page_rules.definition_id,
        pages.page_url,
        page_rules.activity_type,
        page_rules.product_line,
        row_number() over (
            partition by page_rules.definition_id, pages.page_url
            order by page_rules.priority
        ) as match_rank
    from pages
    inner join page_rules
        on {{ is_like(
            "split_part(split_part(lower(pages.page_url), '?', 1), '#', 1)",
            'page_rules.url_pattern',
        ) }}

),

final as (

    select
        definition_id,
        page_url,
        activity_type,
        case when product_line <> '*' then product_line end as product_line
    from matches
    where match_rank = 1

)

select * from final
