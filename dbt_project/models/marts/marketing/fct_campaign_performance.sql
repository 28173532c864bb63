{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['platform', 'campaign_id', 'performance_date'],
        on_schema_change='fail',
    )
}}

{%- set facts = [
    'campaign_id', 'campaign_name', 'performance_date', 'currency', 'spend', 'impressions', 'clicks',
    'conversions', 'extracted_at',
] %}

with google_ads as (

    select *
    from {{ ref('stg_google_ads__campaign_days') }}

),

facebook_ads as (

    select *
    from {{ ref('stg_facebook_ads__campaign_days') }}

),

campaign_days as (

    select
        cast('google_ads' as varchar) as platform,
        {{ facts | join(', ') }}
    from google_ads

    union all

    select
        cast('facebook_ads' as varchar) as platform,
        {{ facts | join(', ') }}
    from facebook_ads

),

changed as (

    {{ changed_rows('campaign_days', ['platform'] + facts) | indent(4) }}

)

select * from changed
