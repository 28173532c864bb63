{%- set key = {'customer_id': 'customer_id'} %}

{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key='customer_id',
        on_schema_change='fail',
        post_hook="{{ delete_what_left(" ~ key ~ ", ref('int_orders')) }}",
    )
}}

{%- set columns = [
    'customer_id', 'first_order_date', 'last_ordered_date', 'order_count', 'cancelled_order_count',
    'total_orders', 'total_spent', 'last_order_date', 'is_repeat_customer',
] %}

with orders as (

    select *
    from {{ ref('int_orders') }}
    where customer_id is not null

),

purchases as (

    select *
    from {{ ref('int_customer_purchase_history') }}

),

ordered as (

    select
        customer_id,
        cast(min(ordered_at) as date) as first_order_date,
        cast(max(ordered_at) as date) as last_ordered_date,
        count(*) as order_count,
        count(case when order_status = 'cancelled' then 1 end) as cancelled_order_count
    from orders
    group by customer_id

),

customers as (

    select
        ordered.customer_id,
        ordered.first_order_date,
        ordered.last_ordered_date,
        cast(ordered.order_count as integer) as order_count,
        cast(ordered.cancelled_order_count as integer) as cancelled_order_count,
        cast(coalesce(purchases.total_orders, 0) as integer) as total_orders,
        cast(coalesce(purchases.total_spent, 0) as decimal(28, 6)) as total_spent,
        purchases.last_order_date,
        coalesce(purchases.total_orders, 0) > 1 as is_repeat_customer
    from ordered
    left join purchases on ordered.customer_id = purchases.customer_id

),

-- Only customers with new orders, or with one that was corrected, differ from what is there.
changed as (

    {{ changed_rows('customers', columns) | indent(4) }}

)

select * from changed
