with trades as (

    select *, cast(traded_at as date) as trade_date
    from {{ ref('stg_transactions') }}

),

calendar as (

    select trade_date as calendar_date, cast(null as date) as trading_day from trades
    union all
    select price_date as calendar_date, price_date as trading_day from {{ ref('stg_market_data') }}

),

-- The daily row a trade belongs to: its own day, or else the next day that has any price.
trade_days as (

    select distinct
        calendar_date,
        min(trading_day) over (order by calendar_date desc) as trading_day
    from calendar

),

sequenced as (

    select
        trades.*,
        trade_days.trading_day,
        row_number() over (
            partition by trades.account_id, trades.symbol order by trades.traded_at, trades.transaction_id
        ) as position_sequence,
        cast(trades.quantity as decimal(38, 6)) * case when trades.side = 'BUY' then 1 else -1 end as signed
    from trades
    inner join trade_days on trades.trade_date = trade_days.calendar_date

),

running as (

    select
        sequenced.*,
        sum(signed) over (
            partition by account_id, symbol order by position_sequence
            rows between unbounded preceding and current row
        ) as running_quantity
    from sequenced

),

-- There are no short positions: the quantity held never falls below zero.
held as (

    select
        running.*,
        running_quantity - least(0, min(running_quantity) over (
            partition by account_id, symbol order by position_sequence
            rows between unbounded preceding and current row
        )) as quantity_after
    from running

),

final as (

    select
        transaction_id,
        account_id,
        symbol,
        side,
        quantity,
        price,
        currency,
        traded_at,
        trade_date,
        trading_day,
        position_sequence,
        cast(coalesce(lag(quantity_after) over position_order, 0) as decimal(38, 6)) as quantity_before,
        cast(quantity_after as decimal(38, 6)) as quantity_after
    from held
    window position_order as (partition by account_id, symbol order by position_sequence)

)

select * from final
