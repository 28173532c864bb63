{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook="{{ delete_touched_orders() }}",
    )
}}

{#- An incremental build flattens the touched orders only: no target filters below the view's aggregate. -#}
{%- set flattened = ref('int_order_items_flattened') %}

with orders as (

    select *
    from {{ ref('int_orders') }}
    where items is not null {{ only_touched_orders() }}

),

{{ flattened_order_items('orders', whole=flattened) }},

final as (

    select
        order_items.order_id,
        order_items.product_id,
        cast(orders.ordered_at as date) as order_date,
        orders.currency,
        order_items.quantity,
        {{ ratio('order_items.amount', per='order_items.quantity', type='decimal(18, 6)') }} as unit_price,
        order_items.amount
    from order_items
    inner join orders on order_items.order_id = orders.order_id

)

select * from final
