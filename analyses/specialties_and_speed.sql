-- Which specialties convert faster?
--
-- Of people handed over in months mature for outcomes: who had an opportunity within
-- 90 days, each specialty against all others, with 95% intervals (Wilson; of the
-- difference, in points, Newcombe; of twenty about one leaves out the truth by chance).
-- A share within a time and not an average time: those who have not converted have no
-- time, and leaving them out would make the slowest look fast.
{%- set days = 90 %}

with outcomes as (

    select
        coalesce(specialty, 'none') as specialty,
        days_to_opportunity,
        case when days_to_opportunity <= {{ days }} then 1 end as is_fast
    from {{ ref('fct_handoff_outcomes') }}
    where is_outcome_mature and handoff_type = 'contact'

),

specialties as (

    select
        specialty,
        count(*) as mqls,
        count(is_fast) as fast,
        {{ median('days_to_opportunity') }} as median_days
    from outcomes
    group by specialty

),

everybody as (

    select
        count(*) as mqls,
        count(is_fast) as fast
    from outcomes

),

compared as (

    select
        specialties.specialty,
        specialties.mqls,
        specialties.fast,
        specialties.median_days,
        everybody.mqls - specialties.mqls as other_mqls,
        everybody.fast - specialties.fast as other_fast
    from specialties
    cross join everybody

),

bounded as (

    select
        *,
        {% for bound, sign in {'low': '-', 'high': '+'}.items() -%}
        {{ difference_bound('fast', 'mqls', 'other_fast', 'other_mqls', sign) }}
            as difference_{{ bound }},
        {% endfor -%}
        least(mqls, other_mqls) as fewest
    from compared

)

select
    specialty,
    {{ share_in_words('fast', 'mqls') }} as within_{{ days }}_days,
    {{ share_in_words('other_fast', 'other_mqls') }} as all_others,
    cast(round(median_days) as integer) as median_days,
    {{ hundredths('difference_low') }} || ' to ' || {{ hundredths('difference_high') }}
        as difference,
    {{ verdict(
        'fewest', 'difference_low', 'difference_high', 'faster', 'slower'
    ) }} as verdict
from bounded
order by mqls desc, specialty asc
