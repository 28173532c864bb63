{{ config(materialized='table') }}

with {{ ranked_extractions('google_ads', key=['campaign_id', 'segments_date']) }},

renamed as (

    select
        cast(campaign_id as varchar) as campaign_id,
        cast(campaign_name as varchar) as campaign_name,
        cast(segments_date as date) as performance_date,
        cast(customer_currency_code as varchar) as currency,
        {{ micros_to_units('metrics_cost_micros') }} as spend,
        cast(metrics_impressions as bigint) as impressions,
        cast(metrics_clicks as bigint) as clicks,
        cast(metrics_conversions as decimal(18, 6)) as conversions,
        cast({{ refresh_column('google_ads') }} as timestamp(6)) as extracted_at
    from ranked
    where extraction_rank = 1

)

select * from renamed
