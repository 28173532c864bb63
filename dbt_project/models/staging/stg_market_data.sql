{{ config(unique_key=['symbol', 'price_date']) }}

{%- set columns = [
    'symbol', 'price_date', 'open', 'high', 'low', 'close', 'adjusted_close', 'volume', 'currency',
    '_source_file', '_source_line', '_run_id', '_ingested_at',
] %}

with source as (

    select *
    from {{ source('lake', 'market_data') }}
    {{ only_new_runs('market_data') }}

),

renamed as (

    select
        cast(symbol as varchar) as symbol,
        cast(price_date as date) as price_date,
        cast(open as decimal(18, 6)) as open,
        cast(high as decimal(18, 6)) as high,
        cast(low as decimal(18, 6)) as low,
        cast(close as decimal(18, 6)) as close,
        cast(adjusted_close as double) as adjusted_close,
        cast(volume as bigint) as volume,
        cast(currency as varchar) as currency,
        cast(_source_file as varchar) as _source_file,
        cast(_source_line as bigint) as _source_line,
        cast(_run_id as varchar) as _run_id,
        cast(_ingested_at as timestamp(6)) as _ingested_at
    from source

),

{{ latest_versions('renamed', key=['symbol', 'price_date'], columns=columns) }}

select * from latest
