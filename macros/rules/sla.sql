{#-
    How a clock stands at the moment of the run. One that was answered is met or not; one
    that runs is open or overdue. Nobody is to blame for one that was withdrawn in time;
    one that ran out unanswered is breached.
-#}
{% macro sla_status(due_at) -%}
    case
        when first_response_at <= {{ due_at }} then 'met'
        when first_response_at is not null then 'breached'
        when status = 'open' and {{ as_of() }} <= {{ due_at }} then 'open'
        when status = 'open' then 'overdue'
        when status = 'withdrawn' and suppressed_at <= {{ due_at }} then null
        else 'breached'
    end
{%- endmacro %}
