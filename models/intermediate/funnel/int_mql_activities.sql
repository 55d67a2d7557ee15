{{ config(materialized='view_by_contact') }}

-- What the contacts of official hand-overs did. They are few, so their activities are
-- picked before it is asked what each definition takes them for.
with contacts as (

    select distinct contact_id
    from {{ ref('int_conversations') }}
    where is_official

),

activities as (

    select activities.*
    from {{ ref('int_activities') }} as activities
    inner join contacts on activities.contact_id = contacts.contact_id

),

final as (

    {{ classified_activities('activities') | indent(4) }}

)

select * from final
