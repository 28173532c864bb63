{{ config(materialized='table') }}

with orders as (

    select *
    from {{ ref('fct_orders') }}

),

customers as (

    select *
    from {{ ref('dim_customers') }}

),

sessions as (

    select *
    from {{ ref('int_session_events') }}

),

final as (

    select
        orders.order_id,
        orders.order_date,
        orders.ordered_at,
        orders.order_status,
        orders.currency,
        orders.order_total,
        orders.item_total,
        orders.product_count,
        orders.quantity,
        {{ units_between('second', 'orders.ordered_at', 'orders.fulfilled_at') }} as seconds_to_fulfilment,
        orders.customer_id,
        customers.first_order_date as customer_first_order_date,
        customers.total_orders as customer_total_orders,
        customers.total_spent as customer_total_spent,
        orders.order_date = customers.first_order_date as is_of_first_day,
        orders.session_id,
        sessions.channel,
        sessions.duration_seconds as session_duration_seconds,
        cast(sessions.event_count as integer) as session_event_count
    from orders
    left join customers on orders.customer_id = customers.customer_id
    left join sessions on orders.session_id = sessions.session_id

)

select * from final
