with versions as (

    select *
    from {{ ref('base_pets') }}

),

living as (

    select
        pet_id,
        household_id,
        trim(name) as name,
        species,
        breed,
        birth_date,
        weight_kg,
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
