with trades as (

    select *
    from {{ ref('int_enriched_trades') }}
    where trading_day is not null

),

trading_days as (

    select distinct trading_day
    from {{ ref('int_daily_closes') }}

),

traded_days as (

    select
        account_id,
        symbol,
        trading_day,
        count(*) as trade_count,
        max_by(quantity_after, position_sequence) as quantity,
        max_by(cost_basis_after, position_sequence) as cost_basis,
        sum(realized_pnl) as realized_pnl,
        sum(case when side = 'BUY' then executed_amount else -executed_amount end) as net_invested
    from trades
    group by account_id, symbol, trading_day

),

positions as (

    select account_id, symbol, min(trading_day) as first_trading_day
    from traded_days
    group by account_id, symbol

),

position_days as (

    select positions.account_id, positions.symbol, trading_days.trading_day
    from positions
    inner join trading_days on positions.first_trading_day <= trading_days.trading_day

),

carried as (

    select
        position_days.account_id,
        position_days.symbol,
        position_days.trading_day,
        coalesce(traded_days.trade_count, 0) as trade_count,
        traded_days.quantity,
        traded_days.cost_basis,
        coalesce(traded_days.realized_pnl, 0) as realized_pnl,
        coalesce(traded_days.net_invested, 0) as net_invested,
        count(traded_days.trading_day) over (
            partition by position_days.account_id, position_days.symbol order by position_days.trading_day
        ) as state_number
    from position_days
    left join traded_days
        on
            position_days.account_id = traded_days.account_id
            and position_days.symbol = traded_days.symbol
            and position_days.trading_day = traded_days.trading_day

),

filled as (

    select
        account_id,
        symbol,
        trading_day,
        trade_count,
        max(quantity) over (partition by account_id, symbol, state_number) as quantity,
        max(cost_basis) over (partition by account_id, symbol, state_number) as cost_basis,
        realized_pnl,
        net_invested
    from carried

),

final as (

    select
        filled.*,
        closes.close,
        cast(coalesce(filled.quantity * closes.close, 0) as decimal(38, 12)) as market_value
    from filled
    left join {{ ref('int_daily_closes') }} as closes
        on filled.symbol = closes.symbol and filled.trading_day = closes.trading_day
    where filled.quantity > 0 or filled.trade_count > 0

)

select * from final
