-- The average cost scan composes at most 2^14 trades of a position; beyond that its rounds must be raised.
select account_id, symbol, max(position_sequence) as trade_count
from {{ ref('int_enriched_trades') }}
group by account_id, symbol
having max(position_sequence) > 16384
