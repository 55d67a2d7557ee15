-- Do webinar MQLs convert better than downloads?
--
-- People handed over who had attended a webinar and downloaded nothing in the days
-- that describe the MQL, against those who had done the opposite; months mature for
-- outcomes. Shares with their 95% interval (Wilson); the difference, in points, has its
-- own (Newcombe): where that holds zero, the difference may be chance.
with outcomes as (

    select * from {{ ref('fct_handoff_outcomes') }}
    where is_outcome_mature and had_webinar <> had_content_download

),

stages as (

    {%- for stage, at in {
        '1 accepted': 'accepted_at',
        '2 opportunity': 'opportunity_at',
        '3 won': 'won_at',
    }.items() %}
    select
        '{{ stage }}' as stage,
        count(case when had_webinar then 1 end) as webinars,
        count(case when had_webinar then {{ at }} end) as webinars_converted,
        count(case when had_content_download then 1 end) as downloads,
        count(case when had_content_download then {{ at }} end) as downloads_converted
    from outcomes
    {% if not loop.last %}
    union all
    {% endif -%}
    {%- endfor %}

),

compared as (

    select
        *,
        {% for bound, sign in {'low': '-', 'high': '+'}.items() -%}
        {{ difference_bound(
            'webinars_converted', 'webinars', 'downloads_converted', 'downloads', sign
        ) }} as difference_{{ bound }},
        {% endfor -%}
        least(webinars, downloads) as fewest
    from stages

)

select
    stage,
    {{ share_in_words('webinars_converted', 'webinars') }} as after_a_webinar,
    {{ share_in_words('downloads_converted', 'downloads') }} as after_a_download,
    {{ hundredths('difference_low') }} || ' to ' || {{ hundredths('difference_high') }}
        as difference,
    {{ verdict(
        'fewest', 'difference_low', 'difference_high',
        'webinars convert better', 'downloads convert better'
    ) }} as verdict
from compared
order by stage
