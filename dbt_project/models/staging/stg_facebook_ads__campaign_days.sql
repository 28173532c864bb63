{{ config(materialized='table') }}

{%- set extracted_at = refresh_column('facebook_ads') %}

with source as (

    select *
    from {{ source('raw', 'facebook_ads_campaigns') }}

),

ranked as (

    select
        source.*,
        row_number() over (
            partition by campaign_id, date_start order by {{ extracted_at }} desc, _airbyte_raw_id desc
        ) as extraction_rank
    from source

),

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
        cast({{ extracted_at }} as timestamp(6)) as extracted_at
    from ranked
    where extraction_rank = 1

)

select * from renamed
