{{ config(unique_key=['member_id']) }}

{%- set columns = [
    'member_id', 'household_id', 'user_id', 'role', 'joined_at', 'created_at', 'updated_at',
    'deleted_at', '_source_file', '_source_line', '_run_id', '_ingested_at',
] %}

with source as (

    select *
    from {{ source('lake', 'household_members') }}
    {{ only_new_runs('household_members') }}

),

renamed as (

    select
        cast(member_id as varchar) as member_id,
        cast(household_id as varchar) as household_id,
        cast(user_id as varchar) as user_id,
        cast(role as varchar) as role,
        cast(joined_at as timestamp(6)) as joined_at,
        cast(created_at as timestamp(6)) as created_at,
        cast(updated_at as timestamp(6)) as updated_at,
        cast(deleted_at as timestamp(6)) as deleted_at,
        cast(_source_file as varchar) as _source_file,
        cast(_source_line as bigint) as _source_line,
        cast(_run_id as varchar) as _run_id,
        cast(_ingested_at as timestamp(6)) as _ingested_at
    from source

),

{{ latest_versions('renamed', key=['member_id'], columns=columns, newest_by=['updated_at']) }}

select * from latest
