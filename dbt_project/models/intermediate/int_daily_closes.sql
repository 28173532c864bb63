with prices as (

    select symbol, price_date, close
    from {{ ref('stg_market_data') }}

),

trading_days as (

    select distinct price_date as trading_day
    from prices

),

listings as (

    select symbol, min(price_date) as first_price_date
    from prices
    group by symbol

),

listed_days as (

    select listings.symbol, trading_days.trading_day
    from listings
    inner join trading_days on listings.first_price_date <= trading_days.trading_day

),

-- Each price opens a group that lasts until the next one; within it the close is carried on.
carried as (

    select
        listed_days.symbol,
        listed_days.trading_day,
        prices.price_date,
        prices.close,
        count(prices.price_date) over (
            partition by listed_days.symbol order by listed_days.trading_day
        ) as price_number
    from listed_days
    left join prices
        on listed_days.symbol = prices.symbol and listed_days.trading_day = prices.price_date

),

final as (

    select
        symbol,
        trading_day,
        max(price_date) over (partition by symbol, price_number) as price_date,
        max(close) over (partition by symbol, price_number) as close
    from carried

)

select * from final
