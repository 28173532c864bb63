with users as (

    select *
    from {{ ref('stg_users') }}

),

activities as (

    select
        user_id,
        count(*) as activity_count,
        count(case when activity_type = 'login' then 1 end) as login_count,
        count(distinct cast(occurred_at as date)) as active_day_count,
        min(occurred_at) as first_active_at,
        max(occurred_at) as last_active_at
    from {{ ref('stg_activity_logs') }}
    group by user_id

),

memberships as (

    select user_id, count(distinct household_id) as household_count
    from {{ ref('stg_household_members') }}
    group by user_id

),

completions as (

    select completed_user_id as user_id, count(*) as completed_task_count
    from {{ ref('int_task_metrics') }}
    where is_completed
    group by completed_user_id

),

final as (

    select
        users.user_id,
        users.created_at,
        coalesce(activities.activity_count, 0) as activity_count,
        coalesce(activities.login_count, 0) as login_count,
        coalesce(activities.active_day_count, 0) as active_day_count,
        activities.first_active_at,
        activities.last_active_at,
        coalesce(memberships.household_count, 0) as household_count,
        coalesce(completions.completed_task_count, 0) as completed_task_count
    from users
    left join activities on users.user_id = activities.user_id
    left join memberships on users.user_id = memberships.user_id
    left join completions on users.user_id = completions.user_id

)

select * from final
