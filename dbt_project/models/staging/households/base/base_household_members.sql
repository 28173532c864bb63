{{ config(unique_key=['member_id']) }}

with {{ silver_rows(
    'household_members',
    key=['member_id'],
    columns={
        'member_id': 'varchar',
        'household_id': 'varchar',
        'user_id': 'varchar',
        'role': 'varchar',
        'joined_at': 'timestamp(6)',
        'created_at': 'timestamp(6)',
        'updated_at': 'timestamp(6)',
        'deleted_at': 'timestamp(6)',
    },
    newest_by=['updated_at']
) }}

select * from latest
