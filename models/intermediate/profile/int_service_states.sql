with contracts as (

    select * from {{ ref('int_service_contracts') }}
    where account_id is not null

),

-- only the lines whose rules ask about contracts at all
product_lines as (

    select
        product_lines.definition_id,
        product_lines.product_line,
        product_lines.service_window_days
    from {{ ref('int_product_lines') }} as product_lines
    inner join {{ ref('int_fit_rules') }} as fit_rules
        on
            product_lines.definition_id = fit_rules.definition_id
            and product_lines.product_line = fit_rules.product_line
    where
        product_lines.requires_service_signal or fit_rules.current_customer_points <> 0

),

periods as (

    select
        product_lines.definition_id,
        product_lines.product_line,
        contracts.account_id,
        1 as customer,
        0 as service_signal,
        contracts.starts_on as valid_from,
        contracts.ends_on as valid_to
    from contracts
    cross join product_lines
    where contracts.provider = 'own'

    union all

    -- an own contract is a signal while its end is near (Q2)
    select
        product_lines.definition_id,
        product_lines.product_line,
        contracts.account_id,
        0 as customer,
        1 as service_signal,
        greatest(
            contracts.starts_on,
            {{ add_days('contracts.ends_on', '-product_lines.service_window_days') }}
        ) as valid_from,
        contracts.ends_on as valid_to
    from contracts
    cross join product_lines
    where
        contracts.provider = 'own'
        and contracts.ends_on is not null
        and product_lines.service_window_days is not null

    union all

    select
        product_lines.definition_id,
        product_lines.product_line,
        contracts.account_id,
        0 as customer,
        1 as service_signal,
        contracts.starts_on as valid_from,
        contracts.ends_on as valid_to
    from contracts
    cross join product_lines
    where contracts.provider = 'competitor'

),

changes as (

    select
        definition_id,
        product_line,
        account_id,
        customer,
        service_signal,
        valid_from as changed_at
    from periods
    where valid_to is null or valid_from < valid_to

    union all

    select
        definition_id,
        product_line,
        account_id,
        -customer as customer,
        -service_signal as service_signal,
        valid_to as changed_at
    from periods
    where valid_from < valid_to

    union all

    -- so that the states of an account cover all of time
    select distinct
        definition_id,
        product_line,
        account_id,
        0 as customer,
        0 as service_signal,
        {{ beginning_of_time() }} as changed_at
    from periods

),

instants as (

    select
        definition_id,
        product_line,
        account_id,
        changed_at,
        sum(customer) as customer,
        sum(service_signal) as service_signal
    from changes
    where changed_at <= {{ as_of() }}
    group by definition_id, product_line, account_id, changed_at

),

running as (

    select
        definition_id,
        product_line,
        account_id,
        changed_at as valid_from,
        sum(customer) over (
            partition by definition_id, product_line, account_id order by changed_at
        ) as customers,
        sum(service_signal) over (
            partition by definition_id, product_line, account_id order by changed_at
        ) as signals,
        lead(changed_at) over (
            partition by definition_id, product_line, account_id order by changed_at
        ) as valid_to
    from instants

),

final as (

    select
        definition_id,
        account_id,
        product_line,
        customers > 0 as is_current_customer,
        signals > 0 as has_service_signal,
        valid_from,
        valid_to
    from running

)

select * from final
