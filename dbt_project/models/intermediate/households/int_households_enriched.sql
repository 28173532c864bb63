with households as (

    select *
    from {{ ref('stg_households') }}

),

members as (

    select household_id, count(*) as member_count
    from {{ ref('stg_household_members') }}
    group by household_id

),

pets as (

    select
        household_id,
        count(*) as pet_count,
        count(case when species = 'dog' then 1 end) as dog_count,
        count(case when species = 'cat' then 1 end) as cat_count
    from {{ ref('stg_pets') }}
    group by household_id

),

tasks as (

    select
        household_id,
        count(*) as total_tasks,
        count(case when is_completed then 1 end) as completed_tasks
    from {{ ref('int_task_metrics') }}
    group by household_id

),

final as (

    select
        households.household_id,
        households.name,
        households.country_code,
        households.time_zone,
        households.created_at,
        coalesce(members.member_count, 0) as member_count,
        coalesce(pets.pet_count, 0) as pet_count,
        coalesce(pets.dog_count, 0) as dog_count,
        coalesce(pets.cat_count, 0) as cat_count,
        coalesce(tasks.total_tasks, 0) as total_tasks,
        coalesce(tasks.completed_tasks, 0) as completed_tasks,
        {{ percentage('tasks.completed_tasks', 'tasks.total_tasks') }} as task_completion_rate
    from households
    left join members on households.household_id = members.household_id
    left join pets on households.household_id = pets.household_id
    left join tasks on households.household_id = tasks.household_id

)

select * from final
