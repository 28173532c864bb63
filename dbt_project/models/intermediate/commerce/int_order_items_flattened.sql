{{ config(materialized='view') }}

with orders as (

    select order_id, items
    from {{ ref('int_orders') }}

),

{{ flattened_order_items('orders') }}

select * from order_items
