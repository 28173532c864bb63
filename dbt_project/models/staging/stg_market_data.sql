{{ config(unique_key=['symbol', 'price_date']) }}

with {{ silver_rows(
    'market_data',
    key=['symbol', 'price_date'],
    columns={
        'symbol': 'varchar',
        'price_date': 'date',
        'open': 'decimal(18, 6)',
        'high': 'decimal(18, 6)',
        'low': 'decimal(18, 6)',
        'close': 'decimal(18, 6)',
        'adjusted_close': 'double',
        'volume': 'bigint',
        'currency': 'varchar',
    }
) }}

select * from latest
