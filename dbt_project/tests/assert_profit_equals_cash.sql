with cash as (

    select
        *,
        sum(net_invested) over (
            partition by account_id order by summary_date rows between unbounded preceding and current row
        ) as invested
    from {{ ref('daily_portfolio_summary') }}

)

select account_id, summary_date, market_value, invested, realized_pnl, unrealized_pnl
from cash
where abs(market_value - invested - realized_pnl - unrealized_pnl) > 0.005
