{#-
    Which threshold of each line is recommended, and why; CTEs that end in `advised`.
    The guide: where conversion is too low, raise the threshold; where it is high and the
    volume too small to fill the pipeline, lower it. Quality goes over quantity: raised on
    what is seen, lowered only where acceptance is surely good (the lower bound), and by
    one step, for what is below has never been seen.
-#}
{% macro threshold_advice(relation) %}
    with_capacity as (

        select
            *,
            team_capacity * line_share as capacity,
            team_least_leads * line_share as least_leads,
            coalesce(current_acceptance_rate_low >= least_acceptance, true)
                as is_current_good
        from {{ relation }}

    ),

    directed as (

        select
            *,
            case
                when not is_current_enough then 'stay'
                when current_acceptance_rate < least_acceptance then 'raise'
                when current_mqls_per_month > capacity then 'raise'
                when current_mqls_per_month < least_leads and is_current_good
                    then 'lower'
                else 'stay'
            end as direction,
            case
                when not is_current_enough then 'stay: too few answers to tell'
                when current_acceptance_rate < least_acceptance
                    then 'raise: acceptance is below the limit'
                when current_mqls_per_month > capacity
                    then 'raise: more leads than the reps can follow up'
                when current_mqls_per_month < least_leads and is_current_good
                    then 'lower: acceptance is good and the reps have room'
                when current_mqls_per_month < least_leads
                    then 'stay: the reps have room, but acceptance may be too low'
                else 'stay: acceptance and volume are within their limits'
            end as advice
        from with_capacity

    ),

    -- whether a candidate is a step the right way that mends what is wrong
    mending as (

        select
            *,
            case
                when direction = 'lower' then step = -1
                when direction = 'raise'
                    then
                        step > 0
                        and case
                            when current_acceptance_rate < least_acceptance
                                then
                                    is_enough_data
                                    and acceptance_rate >= least_acceptance
                            else mqls_per_month <= capacity
                        end
                else step = 0
            end as mends
        from directed

    ),

    ranked as (

        select
            *,
            row_number() over (
                partition by definition_id, product_line
                order by
                    case when mends then 0 when step = 0 then 1 else 2 end,
                    step
            ) as choice
        from mending

    ),

    advised as (

        select
            *,
            choice = 1 as is_recommended,
            case
                when mends then advice
                else advice || '; but no candidate mends it'
            end as reason
        from ranked

    )
{%- endmacro %}
