{#- A view would name the schema that it was made in, which a swap on Snowflake gives another name. -#}
{{ config(materialized='table' if target.type == 'snowflake' else 'view') }}

with events as (

    select *
    from {{ ref('stg_events') }}
    where session_id is not null

),

final as (

    select
        session_id,
        max(customer_id) as customer_id,
        max(channel) as channel,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        {{ units_between('second', 'min(occurred_at)', 'max(occurred_at)') }} as duration_seconds,
        count(*) as event_count,
        max(case when event_type = 'order_placed' then 1 else 0 end) = 1 as is_converted
    from events
    group by session_id

)

select * from final
