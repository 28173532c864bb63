with months as (

    select *
    from {{ ref('fct_monthly_metrics') }}

),

compared as (

    select
        months.*,
        sum(new_user_count) over in_order as total_user_count,
        sum(new_household_count) over in_order as total_household_count,
        lag(monthly_recurring_revenue) over (order by month_start_date) as previous_revenue
    from months
    window in_order as (order by month_start_date rows between unbounded preceding and current row)

),

final as (

    select
        month_start_date as growth_month,
        new_user_count,
        new_household_count,
        cast(total_user_count as bigint) as total_user_count,
        cast(total_household_count as bigint) as total_household_count,
        {{ percentage('new_user_count', '(total_user_count - new_user_count)') }} as user_growth_rate,
        {{ percentage('new_household_count', '(total_household_count - new_household_count)') }}
            as household_growth_rate,
        monthly_recurring_revenue,
        {{ percentage('(monthly_recurring_revenue - previous_revenue)', 'previous_revenue') }}
            as revenue_growth_rate
    from compared

)

select * from final
