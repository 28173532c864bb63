{%- set key = {'summary_date': 'performance_date', 'platform': 'platform', 'currency': 'currency'} %}

{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['summary_date', 'platform', 'currency'],
        on_schema_change='fail',
        post_hook="{{ delete_what_left(" ~ key ~ ", ref('fct_campaign_performance')) }}",
    )
}}

{%- set measures = ['spend', 'impressions', 'clicks', 'conversions'] %}
{%- set columns = [
    'summary_date', 'platform', 'currency', 'campaign_count', 'spend', 'impressions', 'clicks', 'conversions',
    'click_through_rate', 'cost_per_click', 'cost_per_conversion', 'extracted_at',
] %}

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
        max(extracted_at) as extracted_at,
        {{ sums_of(measures) }}
    from campaign_days
    group by performance_date, platform, currency

),

summaries as (

    select
        performance_date as summary_date,
        platform,
        currency,
        cast(campaigns as integer) as campaign_count,
        cast(spend as decimal(28, 6)) as spend,
        cast(impressions as bigint) as impressions,
        cast(clicks as bigint) as clicks,
        cast(conversions as decimal(28, 6)) as conversions,
        {{ ratio('clicks', per='impressions', type='decimal(18, 10)') }} as click_through_rate,
        {{ ratio('spend', per='clicks', type='decimal(28, 6)') }} as cost_per_click,
        {{ ratio('spend', per='conversions', type='decimal(28, 6)') }} as cost_per_conversion,
        extracted_at
    from summed

),

recent as (

    select
        summaries.*,
        dense_rank() over (order by summary_date desc) as days_ago
    from summaries

),

changed as (

    {{ changed_rows('summaries', columns) | indent(4) }}

),

-- The last two days always, and every older day that a late row has changed.
final as (

    select {{ columns | join(', ') }}
    from recent
    where days_ago <= 2

    union

    select *
    from changed

)

select * from final
