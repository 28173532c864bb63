{#-
  A merge on event_id. DuckDB does it in two statements: an update in place of events all over a year makes it
  rewrite the whole table as it commits, a delete only marks them.
-#}
{{
    config(
        unique_key=['event_id'],
        incremental_strategy='delete+insert' if target.type == 'duckdb' else 'merge',
    )
}}

{%- set columns = [
    'event_id', 'event_type', 'occurred_at', 'occurred_date', 'customer_id', 'session_id', 'schema_version',
    'channel', 'product_id', 'unit_price', 'order_id', 'currency', 'order_total', 'items',
    '_source_file', '_source_line', '_run_id', '_ingested_at',
] %}
{%- set of_orders = "event_type in ('order_placed', 'order_fulfilled', 'order_cancelled')" %}
{%- set of_views = "event_type = 'product_viewed'" %}

with source as (

    select *
    from {{ source('lake', 'events') }}
    {{ only_new_runs('events', look_back_days=3) }}

),

renamed as (

    select
        cast(event_id as varchar) as event_id,
        cast(event_type as varchar) as event_type,
        cast(occurred_at as timestamp(6)) as occurred_at,
        cast(occurred_at as date) as occurred_date,
        cast(customer_id as varchar) as customer_id,
        cast(session_id as varchar) as session_id,
        cast(schema_version as bigint) as schema_version,
        case when event_type = 'session_started' then {{ json_text('payload', 'channel') }} end as channel,
        case when {{ of_views }} then {{ json_text('payload', 'product_id') }} end as product_id,
        case when {{ of_views }} then {{ json_number('payload', 'unit_price') }} end as unit_price,
        case when {{ of_orders }} then {{ json_text('payload', 'order_id') }} end as order_id,
        case when {{ of_orders }} then {{ json_text('payload', 'currency') }} end as currency,
        case when {{ of_orders }} then {{ json_number('payload', 'total') }} end as order_total,
        case when {{ of_orders }} then {{ json_array('payload', 'items') }} end as items,
        cast(_source_file as varchar) as _source_file,
        cast(_source_line as bigint) as _source_line,
        cast(_run_id as varchar) as _run_id,
        cast(_ingested_at as timestamp(6)) as _ingested_at
    from source

),

{{ latest_versions('renamed', key=['event_id'], columns=columns, replaced=['order_id']) }}

select * from latest
