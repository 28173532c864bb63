{{ config(unique_key=['household_id']) }}

{%- set columns = [
    'household_id', 'name', 'invite_code', 'country_code', 'time_zone', 'created_at', 'updated_at',
    'deleted_at', '_source_file', '_source_line', '_run_id', '_ingested_at',
] %}

with source as (

    select *
    from {{ source('lake', 'households') }}
    {{ only_new_runs('households') }}

),

renamed as (

    select
        cast(household_id as varchar) as household_id,
        cast(name as varchar) as name,
        cast(invite_code as varchar) as invite_code,
        cast(country_code as varchar) as country_code,
        cast(time_zone as varchar) as time_zone,
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
    'renamed', key=['household_id'], columns=columns, newest_by=['updated_at'],
    replaced=['created_at']
) }}

select * from latest
