{{ config(materialized='ephemeral') }}

with delivered as (

    select
        cast(household_id as varchar) as household_id,
        cast(name as varchar) as name,
        cast(country_code as varchar) as country_code,
        cast(time_zone as varchar) as time_zone,
        cast(created_at as timestamp(6)) as created_at,
        cast(updated_at as timestamp(6)) as updated_at,
        cast(deleted_at as timestamp(6)) as deleted_at,
        row_number() over (
            partition by household_id
            order by updated_at desc, _ingested_at desc, _source_file desc, _source_line desc
        ) as arrival_rank
    from {{ source('lake', 'households') }}

),

newest as (

    select household_id, name, country_code, time_zone, created_at, updated_at, deleted_at
    from delivered
    where arrival_rank = 1

)

select * from newest
