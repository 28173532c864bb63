with versions as (

    select *
    from {{ ref('base_household_members') }}

),

living as (

    select
        member_id,
        household_id,
        user_id,
        role,
        joined_at,
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
