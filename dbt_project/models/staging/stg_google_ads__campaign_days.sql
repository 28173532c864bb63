{{ config(materialized='table') }}

{%- set extracted_at = refresh_column('google_ads') %}

with source as (

    select *
    from {{ source('raw', 'google_ads_campaigns') }}

),

ranked as (

    select
        source.*,
        row_number() over (
            partition by campaign_id, segments_date order by {{ extracted_at }} desc, _airbyte_raw_id desc
        ) as extraction_rank
    from source

),

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
        cast({{ extracted_at }} as timestamp(6)) as extracted_at
    from ranked
    where extraction_rank = 1

)

select * from renamed
