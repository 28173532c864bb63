{{ config(unique_key=['household_id']) }}

with {{ silver_rows(
    'households',
    key=['household_id'],
    columns={
        'household_id': 'varchar',
        'name': 'varchar',
        'invite_code': 'varchar',
        'country_code': 'varchar',
        'time_zone': 'varchar',
        'created_at': 'timestamp(6)',
        'updated_at': 'timestamp(6)',
        'deleted_at': 'timestamp(6)',
    },
    newest_by=['updated_at'],
    replaced=['created_at']
) }}

select * from latest
