with versions as (

    select *
    from {{ ref('base_activity_logs') }}

),

living as (

    select
        activity_id,
        user_id,
        household_id,
        activity_type,
        occurred_at,
        details,
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
