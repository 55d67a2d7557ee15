{{ config(materialized='table_by_contact') }}

-- Every direct request under the definition in force when it was made, whoever made it.
with line_activities as (

    select * from {{ ref('int_line_activities') }}
    where is_direct_request

),

definitions as (

    select * from {{ ref('int_definitions') }}

),

activities as (

    select * from {{ ref('int_activities') }}

),

classified as (

    select * from {{ ref('int_classified_activities') }}

),

requests as (

    select
        line_activities.definition_id,
        line_activities.activity_id,
        line_activities.contact_id,
        -- the line asked about, where the request counts for one beside `general`
        min(
            case
                when line_activities.product_line <> 'general'
                    then line_activities.product_line
            end
        ) as first_line,
        count(
            distinct case
                when line_activities.product_line <> 'general'
                    then line_activities.product_line
            end
        ) as named_lines,
        line_activities.occurred_at
    from line_activities
    inner join definitions
        on
            line_activities.definition_id = definitions.definition_id
            and definitions.official_from <= line_activities.occurred_at
            and line_activities.occurred_at < {{ until('definitions.official_until') }}
    group by
        line_activities.definition_id,
        line_activities.activity_id,
        line_activities.contact_id,
        line_activities.occurred_at

),

final as (

    select
        requests.definition_id,
        requests.activity_id,
        requests.contact_id,
        -- a page view by its class (A4): it is the class that makes it a request
        classified.activity_type,
        activities.asset_name,
        case when requests.named_lines = 1 then requests.first_line else 'general' end
            as product_line,
        requests.occurred_at,
        activities.loaded_at
    from requests
    inner join activities
        on requests.activity_id = activities.activity_id
    inner join classified
        on
            requests.definition_id = classified.definition_id
            and requests.activity_id = classified.activity_id

)

select * from final
