with reporting_months as (

    select distinct month_start_date
    from {{ ref('int_reporting_days') }}

),

users as (

    select user_id, cast(date_trunc('month', created_at) as date) as cohort_month
    from {{ ref('stg_users') }}

),

active_months as (

    select distinct user_id, cast(date_trunc('month', occurred_at) as date) as active_month
    from {{ ref('stg_activity_logs') }}

),

cohorts as (

    select cohort_month, count(*) as cohort_size
    from users
    group by cohort_month

),

retained as (

    select users.cohort_month, active_months.active_month, count(*) as retained_user_count
    from users
    inner join active_months on users.user_id = active_months.user_id
    group by users.cohort_month, active_months.active_month

),

final as (

    select
        cohorts.cohort_month,
        reporting_months.month_start_date as active_month,
        cast(date_diff('month', cohorts.cohort_month, reporting_months.month_start_date) as bigint)
            as months_since_registration,
        cast(cohorts.cohort_size as bigint) as cohort_size,
        cast(coalesce(retained.retained_user_count, 0) as bigint) as retained_user_count,
        {{ percentage('coalesce(retained.retained_user_count, 0)', 'cohorts.cohort_size') }} as retention_rate
    from cohorts
    inner join reporting_months on cohorts.cohort_month <= reporting_months.month_start_date
    left join retained
        on
            cohorts.cohort_month = retained.cohort_month
            and reporting_months.month_start_date = retained.active_month

)

select * from final
