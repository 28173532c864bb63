with versions as (

    select *
    from {{ ref('base_tasks') }}

),

living as (

    select
        task_id,
        household_id,
        pet_id,
        task_type,
        title,
        status,
        assigned_user_id,
        completed_user_id,
        due_at,
        completed_at,
        created_at,
        updated_at,
        _source_file,
        _source_line,
        _run_id,
        _ingested_at
    from versions
    where deleted_at is null

)

select * from living
