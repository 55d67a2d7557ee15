-- What the next build compares with, to find rows that came too late for this one.
with final as (

    {{ raw_counts_query(as_of()) | indent(4) }}

)

select * from final
