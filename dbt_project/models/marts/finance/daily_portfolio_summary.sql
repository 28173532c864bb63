with positions as (

    select *
    from {{ ref('int_daily_positions') }}

),

trading_days as (

    select distinct trading_day
    from {{ ref('int_daily_closes') }}

),

accounts as (

    select account_id, min(trading_day) as first_trading_day
    from positions
    group by account_id

),

account_days as (

    select accounts.account_id, trading_days.trading_day
    from accounts
    inner join trading_days on accounts.first_trading_day <= trading_days.trading_day

),

totals as (

    select
        account_days.account_id,
        account_days.trading_day,
        cast(count(case when positions.quantity > 0 then 1 end) as integer) as position_count,
        cast(count(case when positions.quantity > 0 and positions.close is null then 1 end) as integer)
            as unpriced_position_count,
        cast(coalesce(sum(positions.market_value), 0) as decimal(28, 6)) as market_value,
        cast(coalesce(sum(positions.cost_basis), 0) as decimal(28, 6)) as cost_basis,
        coalesce(sum(positions.realized_pnl), 0) as realized_pnl_of_day,
        cast(coalesce(sum(positions.net_invested), 0) as decimal(28, 6)) as net_invested
    from account_days
    left join positions
        on account_days.account_id = positions.account_id and account_days.trading_day = positions.trading_day
    group by account_days.account_id, account_days.trading_day

),

compared as (

    select
        totals.*,
        sum(realized_pnl_of_day) over (
            partition by account_id order by trading_day rows between unbounded preceding and current row
        ) as realized_pnl,
        lag(market_value) over (partition by account_id order by trading_day) as previous_value
    from totals

),

final as (

    select
        account_id,
        trading_day as summary_date,
        position_count,
        unpriced_position_count,
        market_value,
        cost_basis,
        cast(realized_pnl as decimal(28, 6)) as realized_pnl,
        cast(realized_pnl_of_day as decimal(28, 6)) as realized_pnl_of_day,
        cast(market_value - cost_basis as decimal(28, 6)) as unrealized_pnl,
        net_invested,
        cast(
            cast(market_value - net_invested - previous_value as double)
            / nullif(cast(previous_value as double), 0e0) as decimal(28, 10)
        ) as daily_return
    from compared

)

select * from final
