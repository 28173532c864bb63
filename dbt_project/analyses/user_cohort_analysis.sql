-- The share of each month's new users that came back, a column per month since they registered.
with retention as (

    select *
    from {{ ref('fct_user_retention') }}

),

final as (

    select
        cohort_month,
        {% for month in range(12) -%}
            max(case when months_since_registration = {{ month }} then retention_rate end)
                as month_{{ month }},
        {% endfor -%}
        max(cohort_size) as cohort_size
    from retention
    group by cohort_month

)

select * from final
order by cohort_month
