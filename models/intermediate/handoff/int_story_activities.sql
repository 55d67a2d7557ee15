{{ config(materialized='view_by_story', pre_hook='{{ touch_stories() }}') }}

-- What the people of stories did. Their activities are picked before it is asked what
-- each definition takes them for.
with people as (

    select distinct contact_id
    from {{ ref('int_story_people') }}
    {{ where_touched_key('story_id') }}

),

activities as (

    select activities.*
    from {{ ref('int_activities') }} as activities
    inner join people on activities.contact_id = people.contact_id

),

final as (

    {{ classified_activities('activities') | indent(4) }}

)

select * from final
