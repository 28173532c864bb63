{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='metric_date',
    on_schema_change='fail',
    post_hook="{{ delete_what_left({'metric_date': 'date_day'}, ref('int_reporting_days')) }}",
) }}

with reporting_days as (

    select *
    from {{ ref('int_reporting_days') }}

),

changed_days as (

    select *
    from {{ ref('stg_changed_days') }}

),

metric_days as (

    select date_day as metric_date
    from reporting_days
    {% if is_incremental() -%}
        where
            date_day in (select changed_days.changed_date from changed_days)
            or date_day not in (select counted.metric_date from {{ this }} as counted)
    {%- endif %}

),

new_households as (

    {{ count_by_day('stg_households', 'created_at', ['metric_days', 'metric_date']) }}

),

new_users as (

    {{ count_by_day('stg_users', 'created_at', ['metric_days', 'metric_date']) }}

),

created_tasks as (

    {{ count_by_day('int_task_metrics', 'created_at', ['metric_days', 'metric_date']) }}

),

completed_tasks as (

    {{ count_by_day('int_task_metrics', 'completed_at', ['metric_days', 'metric_date']) }}

),

activities as (

    select
        cast(occurred_at as date) as metric_date,
        count(*) as activity_count,
        count(case when activity_type = 'login' then 1 end) as login_count,
        count(distinct user_id) as active_user_count,
        count(distinct household_id) as active_household_count
    from {{ ref('stg_activity_logs') }}
    where cast(occurred_at as date) in (select metric_days.metric_date from metric_days)
    group by cast(occurred_at as date)

),

final as (

    select
        metric_days.metric_date,
        cast(coalesce(new_households.row_count, 0) as bigint) as new_household_count,
        cast(coalesce(new_users.row_count, 0) as bigint) as new_user_count,
        cast(coalesce(activities.active_household_count, 0) as bigint) as active_household_count,
        cast(coalesce(activities.active_user_count, 0) as bigint) as active_user_count,
        cast(coalesce(activities.activity_count, 0) as bigint) as activity_count,
        cast(coalesce(activities.login_count, 0) as bigint) as login_count,
        cast(coalesce(created_tasks.row_count, 0) as bigint) as created_task_count,
        cast(coalesce(completed_tasks.row_count, 0) as bigint) as completed_task_count
    from metric_days
    left join new_households on metric_days.metric_date = new_households.metric_date
    left join new_users on metric_days.metric_date = new_users.metric_date
    left join activities on metric_days.metric_date = activities.metric_date
    left join created_tasks on metric_days.metric_date = created_tasks.metric_date
    left join completed_tasks on metric_days.metric_date = completed_tasks.metric_date

)

select * from final
