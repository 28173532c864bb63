{{ config(unique_key=['pet_id']) }}

{%- set columns = [
    'pet_id', 'household_id', 'name', 'species', 'breed', 'birth_date', 'weight_kg', 'created_at',
    'updated_at', 'deleted_at', '_source_file', '_source_line', '_run_id', '_ingested_at',
] %}

with source as (

    select *
    from {{ source('lake', 'pets') }}
    {{ only_new_runs('pets') }}

),

renamed as (

    select
        cast(pet_id as varchar) as pet_id,
        cast(household_id as varchar) as household_id,
        cast(name as varchar) as name,
        cast(species as varchar) as species,
        cast(breed as varchar) as breed,
        cast(birth_date as date) as birth_date,
        cast(weight_kg as decimal(9, 3)) as weight_kg,
        cast(created_at as timestamp(6)) as created_at,
        cast(updated_at as timestamp(6)) as updated_at,
        cast(deleted_at as timestamp(6)) as deleted_at,
        cast(_source_file as varchar) as _source_file,
        cast(_source_line as bigint) as _source_line,
        cast(_run_id as varchar) as _run_id,
        cast(_ingested_at as timestamp(6)) as _ingested_at
    from source

),

{{ latest_versions('renamed', key=['pet_id'], columns=columns, newest_by=['updated_at']) }}

select * from latest
