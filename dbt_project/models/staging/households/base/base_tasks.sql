{{ config(unique_key=['task_id']) }}

{%- set columns = [
    'task_id', 'household_id', 'pet_id', 'task_type', 'title', 'status', 'assigned_user_id',
    'completed_user_id', 'due_at', 'completed_at', 'created_at', 'updated_at', 'deleted_at',
    '_source_file', '_source_line', '_run_id', '_ingested_at',
] %}

with source as (

    select *
    from {{ source('lake', 'tasks') }}
    {{ only_new_runs('tasks') }}

),

renamed as (

    select
        cast(task_id as varchar) as task_id,
        cast(household_id as varchar) as household_id,
        cast(pet_id as varchar) as pet_id,
        cast(task_type as varchar) as task_type,
        cast(title as varchar) as title,
        cast(status as varchar) as status,
        cast(assigned_user_id as varchar) as assigned_user_id,
        cast(completed_user_id as varchar) as completed_user_id,
        cast(due_at as timestamp(6)) as due_at,
        cast(completed_at as timestamp(6)) as completed_at,
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
    'renamed', key=['task_id'], columns=columns, newest_by=['updated_at'],
    replaced=['created_at', 'completed_at']
) }}

select * from latest
