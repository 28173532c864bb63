with days as (

    select
        date_day,
        year(date_day) as year_number,
        month(date_day) as month_number,
        day(date_day) as day_of_month,
        {# The fifth of January 1970 was a Monday. -#}
        mod(date_diff('day', date '1970-01-05', date_day), 7) + 1 as day_of_week
    from {{ ref('int_calendar_days') }}

),

-- The federal holidays of the United States on their own days: nth weekdays follow from the day of the month.
named as (

    select
        days.*,
        case
            when month_number = 1 and day_of_month = 1 then 'New Year''s Day'
            when month_number = 1 and day_of_week = 1 and day_of_month between 15 and 21
                then 'Martin Luther King Jr. Day'
            when month_number = 2 and day_of_week = 1 and day_of_month between 15 and 21
                then 'Washington''s Birthday'
            when month_number = 5 and day_of_week = 1 and day_of_month >= 25 then 'Memorial Day'
            when month_number = 6 and day_of_month = 19 and year_number >= 2021 then 'Juneteenth'
            when month_number = 7 and day_of_month = 4 then 'Independence Day'
            when month_number = 9 and day_of_week = 1 and day_of_month <= 7 then 'Labor Day'
            when month_number = 10 and day_of_week = 1 and day_of_month between 8 and 14 then 'Columbus Day'
            when month_number = 11 and day_of_month = 11 then 'Veterans Day'
            when month_number = 11 and day_of_week = 4 and day_of_month between 22 and 28
                then 'Thanksgiving Day'
            when month_number = 12 and day_of_month = 25 then 'Christmas Day'
        end as holiday_name
    from days

),

final as (

    select
        date_day,
        cast(date_trunc('year', date_day) as date) as year_start_date,
        cast(date_trunc('month', date_day) as date) as month_start_date,
        cast(year_number as integer) as year_number,
        cast(quarter(date_day) as integer) as quarter_number,
        cast(month_number as integer) as month_number,
        cast(day_of_month as integer) as day_of_month,
        cast(day_of_week as integer) as day_of_week,
        day_of_week >= 6 as is_weekend,
        holiday_name is not null as is_holiday,
        cast(holiday_name as varchar) as holiday_name
    from named

)

select * from final
