select account_id, symbol, max(position_sequence) as trade_count
from {{ ref('int_enriched_trades') }}
group by account_id, symbol
having max(position_sequence) > 16384
