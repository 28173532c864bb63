{{ config(materialized='table') }}

with {{ ranked_extractions('facebook_ads', key=['campaign_id', 'date_start']) }},

renamed as (

    select
        cast(campaign_id as varchar) as campaign_id,
        cast(campaign_name as varchar) as campaign_name,
        cast(date_start as date) as performance_date,
        cast(account_currency as varchar) as currency,
        cast(spend as decimal(18, 6)) as spend,
        cast(impressions as bigint) as impressions,
        cast(inline_link_clicks as bigint) as clicks,
        cast(conversions as decimal(18, 6)) as conversions,
        cast({{ refresh_column('facebook_ads') }} as timestamp(6)) as extracted_at
    from ranked
    where extraction_rank = 1

)

select * from renamed
