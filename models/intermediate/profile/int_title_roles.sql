-- depends_on: {{ ref('int_definition_problems') }}
{{ config(materialized='view_by_contact') }}

-- A view: titles are personal and need not be stored a second time.
with contact_versions as (

    select * from {{ ref('int_contacts_intake') }}
    where verdict = 'accepted'

),

patterns as (

    select * from {{ ref('role_title_patterns') }}

),

titles as (

    select distinct
        job_title,
        {{ title_words('job_title') }} as title_words
    from contact_versions
    where job_title is not null

),

matches as (

    select
        titles.job_title,
        patterns.role,
        row_number() over (
            partition by titles.job_title order by patterns.priority
        ) as match_rank
    from titles
    inner join patterns
        on {{ is_like('titles.title_words', 'patterns.title_pattern') }}

),

final as (

    select
        job_title,
        role
    from matches
    where match_rank = 1

)

select * from final
