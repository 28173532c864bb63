{{ config(unique_key=['subscription_id']) }}

{%- set columns = [
    'subscription_id', 'household_id', 'plan', 'status', 'price_cents', 'currency', 'started_at',
    'ended_at', 'created_at', 'updated_at', 'deleted_at', '_source_file', '_source_line', '_run_id',
    '_ingested_at',
] %}

with source as (

    select *
    from {{ source('lake', 'subscriptions') }}
    {{ only_new_runs('subscriptions') }}

),

renamed as (

    select
        cast(subscription_id as varchar) as subscription_id,
        cast(household_id as varchar) as household_id,
        cast(plan as varchar) as plan,
        cast(status as varchar) as status,
        cast(price_cents as bigint) as price_cents,
        cast(currency as varchar) as currency,
        cast(started_at as timestamp(6)) as started_at,
        cast(ended_at as timestamp(6)) as ended_at,
        cast(created_at as timestamp(6)) as created_at,
        cast(updated_at as timestamp(6)) as updated_at,
        cast(deleted_at as timestamp(6)) as deleted_at,
        cast(_source_file as varchar) as _source_file,
        cast(_source_line as bigint) as _source_line,
        cast(_run_id as varchar) as _run_id,
        cast(_ingested_at as timestamp(6)) as _ingested_at
    from source

),

{{ latest_versions('renamed', key=['subscription_id'], columns=columns, newest_by=['updated_at']) }}

select * from latest
