{#-
    What each definition takes an activity for: the type and line of its page where it is
    a page view (A4), and whether a machine made it (A2). `activities` is a relation of
    accepted activities, those of all contacts or of a few: an engine filters what is
    joined here by its contact only after it has joined it.
-#}
{% macro classified_activities(activities) -%}
    with definitions as (

        select * from {{ ref('int_definitions') }}

    ),

    machine_answers as (

        select * from {{ ref('int_machine_answers') }}

    ),

    page_classes as (

        select * from {{ ref('int_page_classes') }}

    ),

    final as (

        select
            definitions.definition_id,
            activities.activity_id,
            activities.contact_id,
            coalesce(page_classes.activity_type, activities.activity_type)
                as activity_type,
            coalesce(activities.product_line, page_classes.product_line)
                as product_line,
            activities.message_id,
            activities.page_url,
            activities.asset_name,
            activities.topic,
            activities.campaign,
            activities.is_machine or machine_answers.activity_id is not null
                as is_machine,
            activities.occurred_at
        from {{ activities }} as activities
        cross join definitions
        left join machine_answers
            on
                definitions.definition_id = machine_answers.definition_id
                and activities.activity_id = machine_answers.activity_id
        left join page_classes
            on
                definitions.definition_id = page_classes.definition_id
                and case
                    when activities.activity_type = 'page_view'
                        then activities.page_url
                end = page_classes.page_url

    )

    select * from final
{%- endmacro %}
