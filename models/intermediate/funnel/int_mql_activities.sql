{{ config(materialized='view_by_contact') }}

-- What the contacts of official hand-overs did. They are few, so their activities are
-- picked before it is asked what each definition takes them for.
with activities as (

    select * from {{ ref('int_activities') }}
    where
        contact_id in (
            select contact_id from {{ ref('int_conversations') }}
            where is_official
        )

),

final as (

    {{ classified_activities('activities') | indent(4) }}

)

select * from final
