with versions as (

    select *
    from {{ ref('snap_households') }}

),

enriched as (

    select *
    from {{ ref('int_households_enriched') }}

),

living as (

    select
        dbt_scd_id,
        household_id,
        trim(name) as name,
        country_code,
        time_zone,
        created_at,
        dbt_valid_from,
        dbt_valid_to
    from versions
    where deleted_at is null

),

final as (

    select
        cast(living.dbt_scd_id as varchar) as household_version_id,
        cast(living.household_id as varchar) as household_id,
        {{ mask_pii('living.name') }} as household_name,
        cast(living.country_code as varchar) as country_code,
        cast(living.time_zone as varchar) as time_zone,
        cast(living.created_at as date) as created_date,
        cast(living.dbt_valid_from as timestamp(6)) as effective_from,
        cast(living.dbt_valid_to as timestamp(6)) as effective_to,
        living.dbt_valid_to is null as is_current,
        cast(enriched.member_count as bigint) as member_count,
        cast(enriched.pet_count as bigint) as pet_count,
        cast(enriched.dog_count as bigint) as dog_count,
        cast(enriched.cat_count as bigint) as cat_count,
        cast(enriched.total_tasks as bigint) as total_tasks,
        cast(enriched.completed_tasks as bigint) as completed_tasks,
        enriched.task_completion_rate
    from living
    left join enriched
        on living.household_id = enriched.household_id and living.dbt_valid_to is null

)

select * from final
