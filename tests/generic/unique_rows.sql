{#- One row per combination of columns: the grain a description promises. -#}
{% test unique_rows(model, columns) %}

select
    {{ columns | join(', ') }},
    count(*) as row_count
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
