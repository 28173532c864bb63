{{ config(unique_key=['task_id']) }}

with {{ silver_rows(
    'tasks',
    key=['task_id'],
    columns={
        'task_id': 'varchar',
        'household_id': 'varchar',
        'pet_id': 'varchar',
        'task_type': 'varchar',
        'title': 'varchar',
        'status': 'varchar',
        'assigned_user_id': 'varchar',
        'completed_user_id': 'varchar',
        'due_at': 'timestamp(6)',
        'completed_at': 'timestamp(6)',
        'created_at': 'timestamp(6)',
        'updated_at': 'timestamp(6)',
        'deleted_at': 'timestamp(6)',
    },
    newest_by=['updated_at'],
    replaced=['created_at', 'completed_at']
) }}

select * from latest
