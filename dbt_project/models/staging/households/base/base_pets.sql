{{ config(unique_key=['pet_id']) }}

with {{ silver_rows(
    'pets',
    key=['pet_id'],
    columns={
        'pet_id': 'varchar',
        'household_id': 'varchar',
        'name': 'varchar',
        'species': 'varchar',
        'breed': 'varchar',
        'birth_date': 'date',
        'weight_kg': 'decimal(9, 3)',
        'created_at': 'timestamp(6)',
        'updated_at': 'timestamp(6)',
        'deleted_at': 'timestamp(6)',
    },
    newest_by=['updated_at']
) }}

select * from latest
