with subscriptions as (

    select *
    from {{ ref('int_household_subscriptions') }}

),

months as (

    select month_start_date, max(date_day) as last_reported_date
    from {{ ref('int_reporting_days') }}
    group by month_start_date

),

in_force as (

    select
        subscriptions.household_id,
        months.month_start_date,
        months.last_reported_date,
        subscriptions.plan,
        subscriptions.list_price,
        subscriptions.monthly_revenue
    from subscriptions
    inner join months
        on
            subscriptions.started_date <= months.last_reported_date
            and (
                subscriptions.ended_date is null
                or subscriptions.ended_date > months.last_reported_date
            )

),

final as (

    select
        cast(household_id as varchar) as household_id,
        month_start_date as revenue_month,
        last_reported_date,
        cast(max_by(plan, list_price) as varchar) as plan,
        cast(count(*) as bigint) as subscription_count,
        cast(sum(monthly_revenue) as decimal(18, 2)) as monthly_recurring_revenue,
        sum(monthly_revenue) > 0 as is_paying
    from in_force
    group by household_id, month_start_date, last_reported_date

)

select * from final
