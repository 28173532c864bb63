with calendar_days as (

    select *
    from {{ ref('int_calendar_days') }}

),

moments as (

    select created_at as happened_at, _ingested_at
    from {{ ref('stg_households') }}

    union all

    select created_at as happened_at, _ingested_at
    from {{ ref('stg_users') }}

    union all

    select occurred_at as happened_at, _ingested_at
    from {{ ref('stg_activity_logs') }}

),

bounds as (

    select
        cast(min(happened_at) as date) as first_date,
        cast(max(happened_at) as date) as as_of_date
    from moments
    where happened_at <= _ingested_at + interval '1' day

),

final as (

    select
        calendar_days.date_day,
        cast(date_trunc('month', calendar_days.date_day) as date) as month_start_date,
        bounds.as_of_date
    from calendar_days
    inner join bounds
        on calendar_days.date_day between bounds.first_date and bounds.as_of_date

)

select * from final
