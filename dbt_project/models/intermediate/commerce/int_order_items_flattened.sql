{#- A view would name the schema that it was made in, which a swap on Snowflake gives another name. -#}
{{ config(materialized='table' if target.type == 'snowflake' else 'view') }}

with orders as (

    select order_id, items
    from {{ ref('int_orders') }}

),

{{ flattened_order_items('orders') }}

select * from order_items
