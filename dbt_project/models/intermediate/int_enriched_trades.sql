with trades as (

    select
        *,
        abs(quantity_after - quantity_before) as executed_quantity
    from {{ ref('int_trades_sequenced') }}

),

steps as (

    select
        account_id,
        symbol,
        position_sequence,
        case
            when side = 'BUY' then 1e0
            when quantity_after = 0 then 0e0
            else cast(quantity_after as double) / cast(quantity_before as double)
        end as kept,
        case when side = 'BUY' then cast(executed_quantity * price as double) else 0e0 end as cost_basis
    from trades

),

{{ average_cost_scan('steps', position=['account_id', 'symbol'], sequence='position_sequence') }},

costs as (

    select
        account_id,
        symbol,
        position_sequence,
        coalesce(lag(cost_basis) over position_order, 0e0) as cost_before,
        cost_basis as cost_after
    from scan_last
    window position_order as (partition by account_id, symbol order by position_sequence)

),

closes as (

    select symbol, trading_day, close
    from {{ ref('int_daily_closes') }}

),

final as (

    select
        trades.transaction_id,
        trades.account_id,
        trades.symbol,
        trades.side,
        trades.quantity,
        trades.price,
        trades.currency,
        trades.traded_at,
        trades.trade_date,
        trades.trading_day,
        trades.position_sequence,
        cast(trades.executed_quantity as decimal(38, 6)) as executed_quantity,
        cast(trades.quantity - trades.executed_quantity as decimal(38, 6)) as excess_quantity,
        trades.quantity_before,
        trades.quantity_after,
        cast(trades.executed_quantity * trades.price as decimal(38, 12)) as executed_amount,
        cast(costs.cost_after as decimal(38, 10)) as cost_basis_after,
        case
            when trades.quantity_after > 0
                then cast(costs.cost_after / cast(trades.quantity_after as double) as decimal(38, 10))
        end as average_cost_after,
        case
            when trades.side = 'SELL'
                then cast(
                    cast(trades.executed_quantity * trades.price as double)
                    - (costs.cost_before - costs.cost_after) as decimal(38, 10)
                )
            else cast(0 as decimal(38, 10))
        end as realized_pnl,
        closes.close as close_of_trading_day
    from trades
    inner join costs
        on
            trades.account_id = costs.account_id
            and trades.symbol = costs.symbol
            and trades.position_sequence = costs.position_sequence
    left join closes
        on trades.symbol = closes.symbol and trades.trading_day = closes.trading_day

)

select * from final
