{{ config(unique_key=['user_id']) }}

{%- set columns = [
    'user_id', 'email', 'display_name', 'phone', 'country_code', 'acquisition_channel',
    'is_email_verified', 'last_login_at', 'created_at', 'updated_at', 'deleted_at', '_source_file',
    '_source_line', '_run_id', '_ingested_at',
] %}

with source as (

    select *
    from {{ source('lake', 'users') }}
    {{ only_new_runs('users') }}

),

renamed as (

    select
        cast(user_id as varchar) as user_id,
        cast(email as varchar) as email,
        cast(display_name as varchar) as display_name,
        cast(phone as varchar) as phone,
        cast(country_code as varchar) as country_code,
        cast(acquisition_channel as varchar) as acquisition_channel,
        cast(is_email_verified as boolean) as is_email_verified,
        cast(last_login_at as timestamp(6)) as last_login_at,
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
    'renamed', key=['user_id'], columns=columns, newest_by=['updated_at'],
    replaced=['created_at']
) }}

select * from latest
