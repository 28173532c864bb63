"""An independent computation of what the pipeline must say about a folder of raw files.

It shares nothing with the jobs and the dbt models: standard library only, no SQL, no data frames, rules
written from the contracts by hand. What it takes for true where the definitions leave a choice:

Rows. One row per NDJSON line, array element or CSV record; blank lines are none. A file that cannot be read
as a whole is one rejected row. The versions of a key are ordered by file name, then line; the last one
counts, and a rejected row is no version. Text is trimmed, blank means missing.

Portfolio. Trade day = UTC date of traded_at; trading days = the dates with any accepted price. A trade
belongs to the first trading day on or after its trade day; a trade after the newest price date belongs to
none and is left out. An account has a row for every trading day from that of its first trade to the newest
price date. Trades of one account and symbol are ordered by traded_at, transaction_id. A buy adds to
quantity and cost; a sell takes average cost x quantity from cost and adds (price - average cost) x quantity
to realized_pnl, which accumulates; at quantity 0 the cost is 0. market_value = quantity x close, by the
last close on or before the day, 0 without any. position_count counts quantities above 0. unrealized_pnl =
market_value - cost_basis. daily_return = (market_value - net_flow) / yesterday's market_value - 1 with
net_flow = buys - sells of the day at trade prices; None on the account's first day and when yesterday's
market_value is 0.

Risk. as_of_date = the newest price date. A symbol's returns are those of adjusted_close between its
consecutive prices, the newest 250. An account's are the sums of weight x return over the dates on which
every held and priced symbol has one, the newest 250; weight = share of today's market value. value_at_risk
= max(0, -quantile(returns, 1 - confidence)), linear between neighbours (numpy's `linear`). No returns, no
row. Amounts of different currencies are never converted: the contracts accept US dollars only.
"""
