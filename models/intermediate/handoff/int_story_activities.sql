{{ config(materialized='view_by_story', pre_hook='{{ touch_stories() }}') }}

-- What the people of stories did. Their activities are picked before it is asked what
-- each definition takes them for.
with people as (

    select * from {{ ref('int_story_people') }}
    {{ where_touched_key('story_id') }}

),

activities as (

    select * from {{ ref('int_activities') }}
    where contact_id in (select contact_id from people)

),

final as (

    {{ classified_activities('activities') | indent(4) }}

)

select * from final
