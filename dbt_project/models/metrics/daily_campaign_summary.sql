with campaign_days as (

    select *
    from {{ ref('fct_campaign_performance') }}

),

summed as (

    select
        performance_date,
        platform,
        currency,
        count(*) as campaigns,
        sum(spend) as spend,
        sum(impressions) as impressions,
        sum(clicks) as clicks,
        sum(conversions) as conversions
    from campaign_days
    group by performance_date, platform, currency

),

final as (

    select
        performance_date as summary_date,
        platform,
        currency,
        cast(campaigns as integer) as campaign_count,
        cast(spend as decimal(28, 6)) as spend,
        cast(impressions as bigint) as impressions,
        cast(clicks as bigint) as clicks,
        cast(conversions as decimal(28, 6)) as conversions,
        cast(cast(clicks as double) / nullif(cast(impressions as double), 0e0) as decimal(18, 10))
            as click_through_rate,
        cast(cast(spend as double) / nullif(cast(clicks as double), 0e0) as decimal(28, 6)) as cost_per_click,
        cast(cast(spend as double) / nullif(cast(conversions as double), 0e0) as decimal(28, 6))
            as cost_per_conversion
    from summed

)

select * from final
