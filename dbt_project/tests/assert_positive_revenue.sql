{{ config(tags=['critical']) }}

select household_id, revenue_month, monthly_recurring_revenue
from {{ ref('fct_household_revenue') }}
where
    monthly_recurring_revenue is null
    or monthly_recurring_revenue < 0
    or (is_paying and monthly_recurring_revenue = 0)
