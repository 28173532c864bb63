with versions as (

    select *
    from {{ ref('base_users') }}

),

living as (

    select
        user_id,
        lower(trim(email)) as email,
        display_name,
        phone,
        country_code,
        acquisition_channel,
        is_email_verified,
        last_login_at,
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
