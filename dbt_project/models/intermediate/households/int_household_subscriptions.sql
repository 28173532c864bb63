with subscriptions as (

    select *
    from {{ ref('stg_subscriptions') }}

),

priced as (

    select
        subscription_id,
        household_id,
        plan,
        status,
        billed_price,
        {{ plan_price('plan') }} as list_price,
        currency,
        cast(started_at as date) as started_date,
        cast(ended_at as date) as ended_date,
        status in ('active', 'past_due') or (status = 'cancelled' and ended_at is not null) as is_paid_for,
        row_number() over (partition by household_id order by started_at, subscription_id)
            as subscription_number
    from subscriptions

),

final as (

    select
        subscription_id,
        household_id,
        plan,
        status,
        billed_price,
        list_price,
        currency,
        started_date,
        ended_date,
        cast(case when is_paid_for then list_price else 0 end as decimal(18, 2)) as monthly_revenue,
        subscription_number
    from priced
    where status <> 'cancelled' or is_paid_for

)

select * from final
