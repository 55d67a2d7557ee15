{{ config(materialized='table_by_contact', contact_key='contact_hash') }}

-- What became of the contact versions that are not in int_contact_profiles.
with final as (

    {{ refused_rows(ref('int_contacts_intake')) | indent(4) }}

)

select * from final
