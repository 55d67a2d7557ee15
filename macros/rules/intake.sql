{#-
    Passes raw rows through the door (section 11). `refusals` is an ordered list of
    (condition, verdict): a row gets the first that applies. Only rows that none of
    them stops compete for their key, so that a broken delivery never displaces a good
    one; the latest by `latest_by` wins, and at a tie the row whose cells are byte-wise
    greatest. Adds `verdict`, null for the winners, whom the model judges further.

    Few keys are delivered more than once; only their rows are put in order. Whoever has
    stored which gives `delivered_again`, a relation of these keys; others in it do no
    harm.
-#}
{% macro at_the_door(table, staged, refusals, key, latest_by, delivered_again=none) -%}
    {%- set refused -%}
        (
            select
                staged.*,
                case
                    {%- for condition, refusal in refusals %}
                    when {{ condition }} then '{{ refusal }}'
                    {%- endfor %}
                end as refusal
            from {{ staged }} as staged
        ) as refused
    {%- endset -%}
    {#- Written out for each of its three readers: a CTE would be kept in memory with
    all of its columns, the whole raw rows among them. -#}
    {%- set with_delivered_again -%}
        {%- if delivered_again %}
        {{ delivered_again }} as delivered_again
        {%- else %}
        (
            select {{ key | join(', ') }}
            from {{ refused }}
            where refusal is null
            group by {{ key | join(', ') }}
            having count(*) > 1
        ) as delivered_again
        {%- endif %}
            on
                {%- for column in key %}
                {{ 'and ' if not loop.first -}}
                refused.{{ column }} = delivered_again.{{ column }}
                {%- endfor %}
    {%- endset -%}
    select
        ranked.*,
        case when delivery_rank > 1 then 'duplicate' end as verdict
    from (
        select
            refused.*,
            row_number() over (
                partition by
                    {%- for column in key %}
                    refused.{{ column }}{{ ',' if not loop.last }}
                    {%- endfor %}
                order by
                    {%- for column in latest_by %}
                    refused.{{ column }} desc,
                    {%- endfor %}
                    {{ byte_order('(' ~ record_order(table, 'refused.raw_') ~ ')') }} desc
            ) as delivery_rank
        from {{ refused }}
        inner join {{ with_delivered_again }}
        where refused.refusal is null
    ) as ranked

    union all

    select
        refused.*,
        1 as delivery_rank,
        refused.refusal as verdict
    from {{ refused }}
    left join {{ with_delivered_again }}
    where refused.refusal is not null or delivered_again.{{ key[0] }} is null
{%- endmacro %}

{#- Verdicts that put a row into quarantine; the others are the ordinary ways out. -#}
{% macro quarantine_reasons() -%}
    {{ return([
        'missing_key', 'bad_timestamp', 'unknown_activity_type', 'unknown_contact',
        'occurred_in_future',
    ]) }}
{%- endmacro %}

{% macro text_list(texts) -%}
    ('{{ texts | join("', '") }}')
{%- endmacro %}

{#-
    What is kept of the raw rows that an intake did not accept: the record of those in
    quarantine, and of an erased contact little but the fact (decision 0005), with a hash
    for whom must not be named. Rows that the run may not even know of are left out; they
    are counted at the source. `activity_id` is kept where the rows have one and somebody
    may ask for it: what was delivered again may be another contact's.
-#}
{% macro refused_rows(intake, activity_id=none) -%}
    select
        {%- if activity_id %}
        case
            when
                not is_erased
                or verdict = 'duplicate'
                or verdict in {{ text_list(quarantine_reasons()) }}
                then {{ activity_id }}
        end as {{ activity_id }},
        {%- endif %}
        case when not is_erased then contact_id end as contact_id,
        {{ dbt.hash("coalesce(contact_id, '')") }} as contact_hash,
        verdict,
        case
            when not is_erased and verdict in {{ text_list(quarantine_reasons()) }}
                then raw_record
        end as raw_record,
        loaded_at
    from {{ intake }}
    where
        verdict <> 'accepted'
        and (verdict <> 'not_yet_visible' or loaded_at <= {{ as_of() }})
{%- endmacro %}
