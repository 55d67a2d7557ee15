{#-
    Passes raw rows through the door (section 11). `refusals` is an ordered list of
    (condition, verdict): a row gets the first that applies. Only rows that none of
    them stops compete for their key, so that a broken delivery never displaces a good
    one; the latest by `latest_by` wins, and at a tie the row whose cells are byte-wise
    greatest. Adds `verdict`, null for the winners, whom the model judges further.
-#}
{% macro at_the_door(staged, refusals, key, latest_by) -%}
    select
        ranked.*,
        case
            when ranked.refusal is not null then ranked.refusal
            when ranked.delivery_rank > 1 then 'duplicate'
        end as verdict
    from (
        select
            refused.*,
            row_number() over (
                partition by
                    {{ key | join(', ') }},
                    case when refusal is null then 0 else 1 end
                order by
                    {% for column in latest_by %}{{ column }} desc, {% endfor -%}
                    {{ byte_order('record_order') }} desc
            ) as delivery_rank
        from (
            select
                {{ staged }}.*,
                case
                    {%- for condition, refusal in refusals %}
                    when {{ condition }} then '{{ refusal }}'
                    {%- endfor %}
                end as refusal
            from {{ staged }}
        ) as refused
    ) as ranked
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
