{{ config(unique_key=['transaction_id']) }}

{%- set columns = [
    'transaction_id', 'account_id', 'symbol', 'side', 'quantity', 'price', 'traded_at', 'currency',
    '_source_file', '_source_line', '_run_id', '_ingested_at',
] %}

with source as (

    select *
    from {{ source('lake', 'transactions') }}
    {{ only_new_runs('transactions') }}

),

renamed as (

    select
        cast(transaction_id as varchar) as transaction_id,
        cast(account_id as varchar) as account_id,
        cast(symbol as varchar) as symbol,
        cast(side as varchar) as side,
        cast(quantity as decimal(18, 6)) as quantity,
        cast(price as decimal(18, 6)) as price,
        cast(traded_at as timestamp(6)) as traded_at,
        cast(currency as varchar) as currency,
        cast(_source_file as varchar) as _source_file,
        cast(_source_line as bigint) as _source_line,
        cast(_run_id as varchar) as _run_id,
        cast(_ingested_at as timestamp(6)) as _ingested_at
    from source

),

{{ latest_versions('renamed', key=['transaction_id'], columns=columns) }}

select * from latest
