{%- set window_days = 250 %}

with prices as (

    select
        symbol,
        price_date,
        cast(adjusted_close as double) as adjusted_close
    from {{ ref('stg_market_data') }}

),

changes as (

    select
        symbol,
        price_date,
        adjusted_close / nullif(lag(adjusted_close) over (partition by symbol order by price_date), 0e0) - 1e0
            as daily_return
    from prices

),

symbol_returns as (

    select *
    from changes
    where daily_return is not null

),

holdings as (

    select
        account_id,
        symbol,
        cast(market_value as double) / cast(sum(market_value) over (partition by account_id) as double)
            as weight,
        count(*) over (partition by account_id) as holding_count
    from {{ ref('int_daily_positions') }}
    where
        market_value > 0
        and trading_day = (select max(prices.price_date) from prices)

),

-- A day counts for an account when every symbol it holds has a return that day.
account_returns as (

    select
        holdings.account_id,
        symbol_returns.price_date,
        sum(holdings.weight * symbol_returns.daily_return) as daily_return
    from holdings
    inner join symbol_returns on holdings.symbol = symbol_returns.symbol
    group by holdings.account_id, symbol_returns.price_date
    having count(*) = max(holdings.holding_count)

),

scoped_returns as (

    select 'symbol' as scope, symbol as scope_id, price_date, daily_return from symbol_returns
    union all
    select 'account' as scope, account_id as scope_id, price_date, daily_return from account_returns

),

window_returns as (

    select *
    from (
        select *, row_number() over (partition by scope, scope_id order by price_date desc) as age_days
        from scoped_returns
    ) as aged
    where age_days <= {{ window_days }}

),

{{ interpolated_quantiles(
    'window_returns', by=['scope', 'scope_id'], value='daily_return', tails=['0.05', '0.01']
) }},

final as (

    select
        (select max(prices.price_date) from prices) as as_of_date,
        cast(scope as varchar) as scope,
        scope_id,
        cast(1 - tail as decimal(3, 2)) as confidence,
        {{ window_days }} as window_days,
        cast(observations as integer) as observations,
        cast(greatest(0e0, -quantile) as decimal(18, 10)) as value_at_risk
    from quantiles

)

select * from final
