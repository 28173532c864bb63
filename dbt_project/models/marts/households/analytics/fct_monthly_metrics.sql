with months as (

    select month_start_date, max(date_day) as last_reported_date
    from {{ ref('int_reporting_days') }}
    group by month_start_date

),

daily_sums as (

    select
        cast(date_trunc('month', metric_date) as date) as month_start_date,
        sum(new_household_count) as new_household_count,
        sum(new_user_count) as new_user_count,
        sum(activity_count) as activity_count,
        sum(completed_task_count) as completed_task_count
    from {{ ref('fct_daily_metrics') }}
    group by cast(date_trunc('month', metric_date) as date)

),

active as (

    select
        cast(date_trunc('month', occurred_at) as date) as month_start_date,
        count(distinct user_id) as active_user_count
    from {{ ref('stg_activity_logs') }}
    group by cast(date_trunc('month', occurred_at) as date)

),

active_households as (

    select
        activity_date as last_reported_date,
        count(case when activities_last_30_days > 0 then 1 end) as active_household_count
    from {{ ref('fct_household_activity') }}
    group by activity_date

),

revenue as (

    select
        revenue_month as month_start_date,
        sum(monthly_recurring_revenue) as monthly_recurring_revenue,
        count(case when is_paying then 1 end) as paying_household_count
    from {{ ref('fct_household_revenue') }}
    group by revenue_month

),

final as (

    select
        months.month_start_date,
        months.last_reported_date,
        cast(daily_sums.new_household_count as bigint) as new_household_count,
        cast(daily_sums.new_user_count as bigint) as new_user_count,
        cast(daily_sums.activity_count as bigint) as activity_count,
        cast(daily_sums.completed_task_count as bigint) as completed_task_count,
        cast(coalesce(active.active_user_count, 0) as bigint) as active_user_count,
        cast(coalesce(active_households.active_household_count, 0) as bigint) as active_household_count,
        cast(coalesce(revenue.paying_household_count, 0) as bigint) as paying_household_count,
        cast(coalesce(revenue.monthly_recurring_revenue, 0) as decimal(18, 2)) as monthly_recurring_revenue
    from months
    left join daily_sums on months.month_start_date = daily_sums.month_start_date
    left join active on months.month_start_date = active.month_start_date
    left join active_households on months.last_reported_date = active_households.last_reported_date
    left join revenue on months.month_start_date = revenue.month_start_date

)

select * from final
