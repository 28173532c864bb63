with versions as (

    select *
    from {{ ref('base_households') }}

),

living as (

    select
        household_id,
        trim(name) as name,
        upper(trim(invite_code)) as invite_code,
        country_code,
        time_zone,
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
