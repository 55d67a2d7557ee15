-- Wilson's bounds of a share and Newcombe's of a difference, on examples that are
-- published: R. G. Newcombe, Statistics in Medicine 17 (1998), page 857, method 3, and
-- page 873, method 10; to as many decimals as are printed there.
{%- set shares = [
    (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611),
    (1, 29, 0.0061, 0.1718),
] %}
{%- set differences = [
    (56, 70, 48, 80, 0.0524, 0.3339), (9, 10, 3, 10, 0.1705, 0.8090),
    (10, 10, 0, 20, 0.6791, 1),
] %}

with shares as (

    {%- for part, whole, low, high in shares %}
    select
        'share' as kind,
        {{ part }} as part,
        {{ whole }} as whole,
        {{ wilson_bound(part, whole, '-') }} - {{ low }} as off_low,
        {{ wilson_bound(part, whole, '+') }} - {{ high }} as off_high
    {% if not loop.last %}
    union all
    {% endif -%}
    {%- endfor %}

),

differences as (

    {%- for part, whole, other_part, other_whole, low, high in differences %}
    select
        'difference' as kind,
        {{ part }} as part,
        {{ whole }} as whole,
        {{ difference_bound(part, whole, other_part, other_whole, '-') }} - {{ low }}
            as off_low,
        {{ difference_bound(part, whole, other_part, other_whole, '+') }} - {{ high }}
            as off_high
    {% if not loop.last %}
    union all
    {% endif -%}
    {%- endfor %}

),

examples as (

    select * from shares

    union all

    select * from differences

)

select *
from examples
where
    coalesce(abs(off_low), 1) > 0.00005
    or coalesce(abs(off_high), 1) > 0.00005
