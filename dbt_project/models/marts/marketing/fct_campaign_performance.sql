with google_ads as (

    select *
    from {{ ref('stg_google_ads__campaign_days') }}

),

facebook_ads as (

    select *
    from {{ ref('stg_facebook_ads__campaign_days') }}

),

final as (

    select
        cast('google_ads' as varchar) as platform,
        campaign_id,
        campaign_name,
        performance_date,
        currency,
        spend,
        impressions,
        clicks,
        conversions
    from google_ads

    union all

    select
        cast('facebook_ads' as varchar) as platform,
        campaign_id,
        campaign_name,
        performance_date,
        currency,
        spend,
        impressions,
        clicks,
        conversions
    from facebook_ads

)

select * from final
