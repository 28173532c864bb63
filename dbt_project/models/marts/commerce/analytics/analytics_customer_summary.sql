{{ config(materialized='table') }}

with customers as (

    select *
    from {{ ref('dim_customers') }}

),

orders as (

    select *
    from {{ ref('fct_orders') }}
    where customer_id is not null

),

order_items as (

    select *
    from {{ ref('fct_order_items') }}

),

sessions as (

    select *
    from {{ ref('int_session_events') }}
    where customer_id is not null

),

bought as (

    select
        orders.customer_id,
        count(distinct order_items.product_id) as products,
        sum(order_items.quantity) as quantity
    from orders
    inner join order_items on orders.order_id = order_items.order_id
    group by orders.customer_id

),

visits as (

    select
        customer_id,
        count(*) as sessions,
        count(case when is_converted then 1 end) as converted_sessions
    from sessions
    group by customer_id

),

final as (

    select
        customers.customer_id,
        customers.first_order_date,
        customers.last_order_date,
        customers.order_count,
        customers.cancelled_order_count,
        customers.total_orders,
        customers.total_spent,
        {{ ratio('customers.total_spent', per='customers.total_orders', type='decimal(28, 6)') }}
            as average_order_value,
        cast(coalesce(bought.products, 0) as integer) as distinct_product_count,
        cast(coalesce(bought.quantity, 0) as decimal(28, 6)) as quantity,
        cast(coalesce(visits.sessions, 0) as integer) as session_count,
        cast(coalesce(visits.converted_sessions, 0) as integer) as converted_session_count,
        {{ ratio('visits.converted_sessions', per='visits.sessions', type='decimal(18, 10)') }}
            as conversion_rate,
        customers.is_repeat_customer
    from customers
    left join bought on customers.customer_id = bought.customer_id
    left join visits on customers.customer_id = visits.customer_id

)

select * from final
