{#-
    What people did, told as a person would: what they asked for and downloaded, which
    pages and events, newest first, a few of each by name and the rest as a count.
    `people` has a `key`, a definition_id, a contact_id and `told_until`. These are the last CTEs
    of a model, `final` among them; one row per key.
-#}
{% macro stories(people, key) -%}
{%- set named = var('handoff_items_named') %}
{%- set kinds = ['request', 'download', 'page', 'event', 'registration', 'complaint'] -%}
told as (

    select
        {{ people }}.{{ key }},
        activity_types.told_as,
        substr(
            coalesce(
                case
                    when activity_types.told_as = 'page'
                        then nullif({{ page_path('activities.page_url') }}, '')
                    else activities.asset_name
                end,
                replace(classified.activity_type, '_', ' ')
            ),
            1,
            80
        ) as label,
        case
            when classified.activity_type = 'high_intent_page_view' then 1 else 0
        end as high_intent,
        classified.occurred_at
    from {{ people }}
    inner join {{ ref('int_classified_activities') }} as classified
        on
            {{ people }}.definition_id = classified.definition_id
            and {{ people }}.contact_id = classified.contact_id
            and classified.occurred_at <= {{ people }}.told_until
    inner join {{ ref('int_activities') }} as activities
        on classified.activity_id = activities.activity_id
    inner join {{ ref('activity_types') }} as activity_types
        on classified.activity_type = activity_types.activity_type
    where not classified.is_machine and activity_types.told_as is not null

),

items as (

    select
        {{ key }},
        told_as,
        label,
        count(*) as times,
        sum(high_intent) as high_intent_times,
        max(occurred_at) as last_at,
        row_number() over (
            partition by {{ key }}, told_as
            order by max(occurred_at) desc, {{ byte_order('label') }}
        ) as recency
    from told
    group by {{ key }}, told_as, label

),

pivoted as (

    select
        {{ key }},
        sum(high_intent_times) as high_intent_page_views,
        max(last_at) as last_activity_at
        {%- for kind in kinds + ['open', 'click'] %},
        sum(case when told_as = '{{ kind }}' then times else 0 end) as {{ kind }}s
        {%- endfor %}
        {%- for kind in kinds %},
        sum(case when told_as = '{{ kind }}' then 1 else 0 end) as {{ kind }}_names,
        {{ told_items(kind, named, with_days=true) }} as {{ kind }}_story,
        {{ told_items(kind, named) }} as {{ kind }}_list
        {%- endfor %}
    from items
    group by {{ key }}

),

final as (

    select
        {{ key }},
        {%- set sentences = [
            ('request', 'Asked for: '),
            ('complaint', 'Complained: '),
            ('download', 'Downloaded: '),
            ('event', 'Attended: '),
            ('registration', 'Registered for: '),
            ('page', 'Viewed: '),
        ] %}
        trim(
            {%- for kind, opening in sentences %}
            {{ '|| ' if not loop.first }}case
                when {{ kind }}s > 0
                    then '{{ opening }}' || {{ kind }}_story
                        || case
                            when {{ kind }}_names > {{ named }}
                                then ' and ' || cast(
                                    {{ kind }}_names - {{ named }}
                                    as {{ dbt.type_string() }}
                                ) || ' more'
                            else ''
                        end
                        || '. '
                else ''
            end
            {%- endfor %}
            || case
                when opens + clicks > 0
                    then 'E-mails: ' || cast(opens as {{ dbt.type_string() }})
                        || ' opened, ' || cast(clicks as {{ dbt.type_string() }})
                        || ' clicked.'
                else ''
            end
        ) as engagement_summary,
        download_list as content_downloaded,
        page_list as pages_visited,
        event_list as events_attended,
        request_list as direct_requests,
        cast(downloads as integer) as downloads,
        cast(pages as integer) as page_views,
        cast(high_intent_page_views as integer) as high_intent_page_views,
        cast(events as integer) as events,
        cast(registrations as integer) as registrations,
        cast(requests as integer) as requests,
        cast(opens as integer) as email_opens,
        cast(clicks as integer) as email_clicks,
        last_activity_at
    from pivoted

)
{%- endmacro %}

{#-
    The newest items of one kind as a list, each with how often and, where asked for, when
    last; over rows with told_as, label, times, last_at and recency.
-#}
{% macro told_items(kind, named, with_days=false) -%}
    max(case when told_as = '{{ kind }}' and recency = 1 then {{ told_item(with_days) }} end)
    {%- for place in range(2, named + 1) %}
        || coalesce(
            max(
                case
                    when told_as = '{{ kind }}' and recency = {{ place }}
                        then '{{ ", " if with_days else "; " }}' || {{ told_item(with_days) }}
                end
            ),
            ''
        )
    {%- endfor %}
{%- endmacro %}

{% macro told_item(with_days) -%}
    label
    || case
        when times > 1 then ' x' || cast(times as {{ dbt.type_string() }}) else ''
    end
    {%- if with_days %} || ' (' || {{ spoken_day('last_at') }} || ')'{% endif %}
{%- endmacro %}
