{{ config(unique_key=['subscription_id']) }}

with {{ silver_rows(
    'subscriptions',
    key=['subscription_id'],
    columns={
        'subscription_id': 'varchar',
        'household_id': 'varchar',
        'plan': 'varchar',
        'status': 'varchar',
        'price_cents': 'bigint',
        'currency': 'varchar',
        'started_at': 'timestamp(6)',
        'ended_at': 'timestamp(6)',
        'created_at': 'timestamp(6)',
        'updated_at': 'timestamp(6)',
        'deleted_at': 'timestamp(6)',
    },
    newest_by=['updated_at']
) }}

select * from latest
