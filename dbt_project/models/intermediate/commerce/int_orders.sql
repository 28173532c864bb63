{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook="{{ delete_touched_orders() }}",
    )
}}

with order_events as (

    select *
    from {{ ref('stg_events') }}
    where order_id is not null {{ only_touched_orders() }}

),

numbered as (

    select
        *,
        row_number() over (partition by order_id order by occurred_at, event_id) as event_number
    from order_events

),

told as (

    select
        order_id,
        {{ newest_known('customer_id') }} as customer_id,
        {{ newest_known('session_id') }} as session_id,
        {{ newest_known('currency') }} as currency,
        {{ newest_known('order_total') }} as order_total,
        {{ newest_known('items') }} as items,
        max_by(event_type, case when event_type <> 'order_placed' then event_number end) as last_end,
        min(case when event_type = 'order_placed' then occurred_at end) as placed_at,
        min(occurred_at) as first_event_at,
        max(case when event_type = 'order_fulfilled' then occurred_at end) as fulfilled_at,
        max(case when event_type = 'order_cancelled' then occurred_at end) as cancelled_at,
        {{ audit_columns() | indent(8) }}
    from numbered
    group by order_id

),

final as (

    select
        order_id,
        customer_id,
        session_id,
        currency,
        order_total,
        items,
        coalesce(replace(last_end, 'order_', ''), 'placed') as order_status,
        coalesce(placed_at, first_event_at) as ordered_at,
        fulfilled_at,
        cancelled_at,
        source_event_count,
        last_event_at
    from told

)

select * from final
