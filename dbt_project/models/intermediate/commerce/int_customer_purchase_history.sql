{{ config(materialized='ephemeral') }}

with orders as (

    select *
    from {{ ref('int_orders') }}

),

final as (

    select
        customer_id,
        count(*) as total_orders,
        coalesce(sum(order_total), 0) as total_spent,
        cast(max(fulfilled_at) as date) as last_order_date
    from orders
    where fulfilled_at is not null and customer_id is not null
    group by customer_id

)

select * from final
