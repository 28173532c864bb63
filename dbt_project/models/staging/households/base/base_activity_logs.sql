{{ config(unique_key=['activity_id']) }}

with {{ silver_rows(
    'activity_logs',
    key=['activity_id'],
    columns={
        'activity_id': 'varchar',
        'user_id': 'varchar',
        'household_id': 'varchar',
        'activity_type': 'varchar',
        'occurred_at': 'timestamp(6)',
        'details': 'varchar',
        'created_at': 'timestamp(6)',
        'updated_at': 'timestamp(6)',
        'deleted_at': 'timestamp(6)',
    },
    newest_by=['updated_at'],
    replaced=['occurred_at']
) }}

select * from latest
