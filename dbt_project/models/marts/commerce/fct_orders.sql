{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook="{{ delete_touched_orders() }}",
    )
}}

with orders as (

    select *
    from {{ ref('int_orders') }}
    where order_id is not null {{ only_touched_orders() }}

),

order_items as (

    select *
    from {{ ref('fct_order_items') }}
    where order_id is not null {{ only_touched_orders() }}

),

item_sums as (

    select
        order_id,
        count(*) as products,
        {{ sums_of(['quantity', 'amount']) }}
    from order_items
    group by order_id

),

final as (

    select
        orders.order_id,
        orders.customer_id,
        orders.session_id,
        orders.order_status,
        orders.ordered_at,
        cast(orders.ordered_at as date) as order_date,
        orders.fulfilled_at,
        orders.cancelled_at,
        orders.currency,
        cast(coalesce(item_sums.products, 0) as integer) as product_count,
        cast(coalesce(item_sums.quantity, 0) as decimal(28, 6)) as quantity,
        cast(coalesce(item_sums.amount, 0) as decimal(28, 6)) as item_total,
        orders.order_total,
        cast(orders.source_event_count as integer) as source_event_count,
        orders.last_event_at
    from orders
    left join item_sums on orders.order_id = item_sums.order_id

)

select * from final
