with households as (

    select *
    from {{ ref('stg_households') }}

),

reporting_days as (

    select *
    from {{ ref('int_reporting_days') }}

),

active_days as (

    select
        household_id,
        cast(occurred_at as date) as activity_date,
        count(*) as activity_count,
        count(distinct user_id) as active_user_count
    from {{ ref('stg_activity_logs') }}
    where household_id is not null
    group by household_id, cast(occurred_at as date)

),

first_active_days as (

    select household_id, min(activity_date) as activity_date
    from active_days
    group by household_id

),

household_days as (

    select households.household_id, reporting_days.date_day as activity_date
    from households
    left join first_active_days on households.household_id = first_active_days.household_id
    inner join reporting_days
        on
            cast(households.created_at as date) <= reporting_days.date_day
            or first_active_days.activity_date <= reporting_days.date_day

),

counted as (

    select
        household_days.household_id,
        household_days.activity_date,
        coalesce(active_days.activity_count, 0) as activity_count,
        coalesce(active_days.active_user_count, 0) as active_user_count
    from household_days
    left join active_days
        on
            household_days.household_id = active_days.household_id
            and household_days.activity_date = active_days.activity_date

),

rolled as (

    select
        counted.*,
        sum(activity_count) over last_30_days as activities_last_30_days,
        sum(active_user_count) over last_30_days as user_days_last_30_days
    from counted
    window
        last_30_days as (
            partition by household_id order by activity_date rows between 29 preceding and current row
        )

),

final as (

    select
        household_id,
        activity_date,
        cast(activity_count as bigint) as activity_count,
        cast(active_user_count as bigint) as active_user_count,
        cast(activities_last_30_days as bigint) as activities_last_30_days,
        cast(cast(user_days_last_30_days as double) / 30e0 as decimal(18, 6)) as avg_daily_active_users,
        cast(
            case
                when activities_last_30_days = 0 then 'Inactive'
                when activities_last_30_days < 10 then 'Low'
                when activities_last_30_days < 50 then 'Medium'
                else 'High'
            end as varchar
        ) as activity_level
    from rolled

)

select * from final
