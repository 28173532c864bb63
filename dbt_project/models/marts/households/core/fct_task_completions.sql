with tasks as (

    select *
    from {{ ref('int_task_metrics') }}

),

final as (

    select
        cast(task_id as varchar) as task_id,
        cast(household_id as varchar) as household_id,
        cast(pet_id as varchar) as pet_id,
        cast(task_type as varchar) as task_type,
        cast(assigned_user_id as varchar) as assigned_user_id,
        cast(completed_user_id as varchar) as completed_user_id,
        cast(created_at as timestamp(6)) as created_at,
        cast(due_at as timestamp(6)) as due_at,
        cast(completed_at as timestamp(6)) as completed_at,
        cast(completed_at as date) as completed_date,
        is_on_time,
        cast(minutes_to_completion as bigint) as minutes_to_completion
    from tasks
    where is_completed

)

select * from final
