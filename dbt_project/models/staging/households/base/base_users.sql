{{ config(unique_key=['user_id']) }}

with {{ silver_rows(
    'users',
    key=['user_id'],
    columns={
        'user_id': 'varchar',
        'email': 'varchar',
        'display_name': 'varchar',
        'phone': 'varchar',
        'country_code': 'varchar',
        'acquisition_channel': 'varchar',
        'is_email_verified': 'boolean',
        'last_login_at': 'timestamp(6)',
        'created_at': 'timestamp(6)',
        'updated_at': 'timestamp(6)',
        'deleted_at': 'timestamp(6)',
    },
    newest_by=['updated_at'],
    replaced=['created_at']
) }}

select * from latest
