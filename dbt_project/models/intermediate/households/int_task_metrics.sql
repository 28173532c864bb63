with tasks as (

    select *
    from {{ ref('stg_tasks') }}

),

judged as (

    select
        tasks.*,
        status = 'completed' and completed_at is not null as is_completed
    from tasks

),

final as (

    select
        task_id,
        household_id,
        pet_id,
        task_type,
        status,
        assigned_user_id,
        completed_user_id,
        created_at,
        due_at,
        is_completed,
        case when is_completed then completed_at end as completed_at,
        case when is_completed and due_at is not null then completed_at <= due_at end as is_on_time,
        case when is_completed then {{ units_between('minute', 'created_at', 'completed_at') }} end
            as minutes_to_completion
    from judged

)

select * from final
