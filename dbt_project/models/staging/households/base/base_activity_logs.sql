{{ config(unique_key=['activity_id']) }}

{%- set columns = [
    'activity_id', 'user_id', 'household_id', 'activity_type', 'occurred_at', 'details', 'created_at',
    'updated_at', 'deleted_at', '_source_file', '_source_line', '_run_id', '_ingested_at',
] %}

with source as (

    select *
    from {{ source('lake', 'activity_logs') }}
    {{ only_new_runs('activity_logs') }}

),

renamed as (

    select
        cast(activity_id as varchar) as activity_id,
        cast(user_id as varchar) as user_id,
        cast(household_id as varchar) as household_id,
        cast(activity_type as varchar) as activity_type,
        cast(occurred_at as timestamp(6)) as occurred_at,
        cast(details as varchar) as details,
        cast(created_at as timestamp(6)) as created_at,
        cast(updated_at as timestamp(6)) as updated_at,
        cast(deleted_at as timestamp(6)) as deleted_at,
        cast(_source_file as varchar) as _source_file,
        cast(_source_line as bigint) as _source_line,
        cast(_run_id as varchar) as _run_id,
        cast(_ingested_at as timestamp(6)) as _ingested_at
    from source

),

{{ latest_versions(
    'renamed', key=['activity_id'], columns=columns, newest_by=['updated_at'],
    replaced=['occurred_at']
) }}

select * from latest
