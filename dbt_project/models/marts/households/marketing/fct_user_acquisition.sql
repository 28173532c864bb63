with users as (

    select *
    from {{ ref('stg_users') }}

),

activated as (

    select distinct users.user_id
    from users
    inner join {{ ref('stg_activity_logs') }} as entries
        on
            users.user_id = entries.user_id
            and users.created_at <= entries.occurred_at
            and users.created_at + interval '7' day > entries.occurred_at

),

summed as (

    select
        cast(users.created_at as date) as registered_date,
        users.acquisition_channel,
        count(*) as new_user_count,
        count(case when users.is_email_verified then 1 end) as verified_user_count,
        count(activated.user_id) as activated_user_count
    from users
    left join activated on users.user_id = activated.user_id
    group by cast(users.created_at as date), users.acquisition_channel

),

final as (

    select
        registered_date,
        cast(acquisition_channel as varchar) as acquisition_channel,
        cast(new_user_count as bigint) as new_user_count,
        cast(verified_user_count as bigint) as verified_user_count,
        cast(activated_user_count as bigint) as activated_user_count,
        {{ percentage('activated_user_count', 'new_user_count') }} as activation_rate
    from summed

)

select * from final
