{{ config(unique_key=['transaction_id']) }}

with {{ silver_rows(
    'transactions',
    key=['transaction_id'],
    columns={
        'transaction_id': 'varchar',
        'account_id': 'varchar',
        'symbol': 'varchar',
        'side': 'varchar',
        'quantity': 'decimal(18, 6)',
        'price': 'decimal(18, 6)',
        'traded_at': 'timestamp(6)',
        'currency': 'varchar',
    }
) }}

select * from latest
