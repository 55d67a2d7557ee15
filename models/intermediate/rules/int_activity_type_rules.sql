-- depends_on: {{ ref('int_definition_problems') }}
with activity_points as (

    select * from {{ ref('activity_points') }}

),

final as (

    select
        definition_id,
        activity_type,
        -- the limit and the once-per-asset mark are those of the row for all lines
        max(case when product_line = '*' then max_scored_per_day end)
            as max_scored_per_day,
        max(case when product_line = '*' and score_once_per_asset then 1 else 0 end) = 1
            as score_once_per_asset,
        -- whether it takes points of any line: where a score may reach its floor
        min(points) < 0 as costs_points,
        -- whether anything may ever come of one: a download counts for its topic (A6)
        max(
            case
                when
                    points <> 0
                    or is_engagement
                    or is_direct_request
                    or is_disqualifying
                    or is_opt_in
                    or activity_type = 'content_download'
                    then 1
                else 0
            end
        ) = 1 as has_effect,
        -- any row will do: engagement restarts the clock for every line (E2)
        max(case when is_engagement then 1 else 0 end) = 1 as is_engagement
    from activity_points
    group by definition_id, activity_type

)

select * from final
