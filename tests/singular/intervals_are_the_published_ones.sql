-- Wilson's bounds of a share and Newcombe's of a difference, on examples that are
-- published: R. G. Newcombe, Statistics in Medicine 17 (1998), pages 857 and 873, method 3
-- of the one (81/263, 15/148, 0/20, 1/29) and 10 of the other (56/70 - 48/80, 9/10 - 3/10,
-- 10/10 - 0/20); to as many decimals as are printed there.
with examples as (

    select
        81 as part, 263 as whole, 0 as other_part, 0 as other_whole,
        0.2553 as low, 0.3662 as high
    union all
    select 15, 148, 0, 0, 0.0624, 0.1605
    union all
    select 0, 20, 0, 0, 0.0000, 0.1611
    union all
    select 1, 29, 0, 0, 0.0061, 0.1718
    union all
    select 56, 70, 48, 80, 0.0524, 0.3339
    union all
    select 9, 10, 3, 10, 0.1705, 0.8090
    union all
    select 10, 10, 0, 20, 0.6791, 1.0000

),

bounded as (

    select
        *,
        case
            when other_whole = 0 then {{ wilson_bound('part', 'whole', '-') }}
            else {{ difference_bound('part', 'whole', 'other_part', 'other_whole', '-') }}
        end as found_low,
        case
            when other_whole = 0 then {{ wilson_bound('part', 'whole', '+') }}
            else {{ difference_bound('part', 'whole', 'other_part', 'other_whole', '+') }}
        end as found_high
    from examples

)

select *
from bounded
where
    coalesce(abs(found_low - low), 1) > 0.00005
    or coalesce(abs(found_high - high), 1) > 0.00005
