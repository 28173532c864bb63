with logins as (

    select *
    from {{ ref('stg_activity_logs') }}
    where activity_type = 'login'

),

numbered as (

    select
        activity_id,
        user_id,
        occurred_at,
        cast(occurred_at as date) as login_date,
        row_number() over (partition by user_id order by occurred_at, activity_id) as login_number,
        lag(cast(occurred_at as date)) over (partition by user_id order by occurred_at, activity_id)
            as previous_login_date
    from logins

),

final as (

    select
        cast(activity_id as varchar) as activity_id,
        cast(user_id as varchar) as user_id,
        cast(occurred_at as timestamp(6)) as logged_in_at,
        login_date,
        cast(login_number as bigint) as login_number,
        cast(date_diff('day', previous_login_date, login_date) as bigint) as days_since_previous_login
    from numbered

)

select * from final
