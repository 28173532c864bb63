with tasks as (

    select *
    from {{ ref('int_task_metrics') }}

),

summed as (

    select
        task_type,
        count(*) as task_count,
        count(case when is_completed then 1 end) as completed_task_count,
        min(cast(created_at as date)) as first_used_date
    from tasks
    group by task_type

),

final as (

    select
        cast(task_type as varchar) as task_type,
        cast(
            case
                when task_type in ('medication', 'vet_visit') then 'health'
                when task_type in ('feeding', 'grooming', 'cleaning') then 'care'
                when task_type in ('walk', 'training') then 'exercise'
                else 'other'
            end as varchar
        ) as category,
        cast(task_count as bigint) as task_count,
        cast(completed_task_count as bigint) as completed_task_count,
        {{ percentage('completed_task_count', 'task_count') }} as completion_rate,
        first_used_date
    from summed

)

select * from final
