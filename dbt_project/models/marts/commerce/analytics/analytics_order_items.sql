{{ config(materialized='table') }}

with order_items as (

    select *
    from {{ ref('fct_order_items') }}

),

orders as (

    select *
    from {{ ref('fct_orders') }}

),

customers as (

    select *
    from {{ ref('dim_customers') }}

),

final as (

    select
        order_items.order_id,
        order_items.product_id,
        order_items.order_date,
        orders.order_status,
        order_items.currency,
        order_items.quantity,
        order_items.unit_price,
        order_items.amount,
        {{ ratio('order_items.amount', per='orders.item_total', type='decimal(18, 10)') }} as share_of_order,
        orders.customer_id,
        customers.first_order_date as customer_first_order_date,
        customers.is_repeat_customer
    from order_items
    inner join orders on order_items.order_id = orders.order_id
    left join customers on orders.customer_id = customers.customer_id

)

select * from final
