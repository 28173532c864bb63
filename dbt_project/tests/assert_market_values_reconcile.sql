with trades as (

    select
        account_id,
        symbol,
        sum(case when side = 'BUY' then executed_quantity else -executed_quantity end) as quantity
    from {{ ref('int_enriched_trades') }}
    where trading_day is not null
    group by account_id, symbol

),

newest_closes as (

    select symbol, max_by(close, price_date) as close
    from {{ ref('stg_market_data') }}
    group by symbol

),

expected as (

    select trades.account_id, coalesce(sum(trades.quantity * newest_closes.close), 0) as market_value
    from trades
    left join newest_closes on trades.symbol = newest_closes.symbol
    group by trades.account_id

),

newest_rows as (

    select *
    from {{ ref('daily_portfolio_summary') }}
    where summary_date = (select max(prices.price_date) from {{ ref('stg_market_data') }} as prices)

)

select
    coalesce(expected.account_id, newest_rows.account_id) as account_id,
    expected.market_value as expected_value,
    newest_rows.market_value
from expected
full outer join newest_rows on expected.account_id = newest_rows.account_id
where
    expected.account_id is null
    or newest_rows.account_id is null
    or abs(expected.market_value - newest_rows.market_value) > 0.005
