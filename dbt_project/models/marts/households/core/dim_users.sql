with users as (

    select *
    from {{ ref('stg_users') }}

),

engagement as (

    select *
    from {{ ref('int_user_engagement') }}

),

countries as (

    select *
    from {{ ref('country_codes') }}

),

final as (

    select
        cast(users.user_id as varchar) as user_id,
        {{ mask_pii('users.email') }} as email,
        {{ mask_pii('users.display_name') }} as display_name,
        {{ mask_pii('users.phone') }} as phone,
        cast(users.country_code as varchar) as country_code,
        cast(countries.country_name as varchar) as country_name,
        cast(users.acquisition_channel as varchar) as acquisition_channel,
        users.is_email_verified,
        cast(users.created_at as date) as registered_date,
        cast(engagement.household_count as bigint) as household_count,
        cast(engagement.activity_count as bigint) as activity_count,
        cast(engagement.login_count as bigint) as login_count,
        cast(engagement.active_day_count as bigint) as active_day_count,
        cast(engagement.completed_task_count as bigint) as completed_task_count,
        cast(engagement.first_active_at as timestamp(6)) as first_active_at,
        cast(engagement.last_active_at as timestamp(6)) as last_active_at
    from users
    left join engagement on users.user_id = engagement.user_id
    left join countries on users.country_code = countries.country_code

)

select * from final
