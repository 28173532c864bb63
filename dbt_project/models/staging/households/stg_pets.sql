{{ living_rows('base_pets', columns=[
    'pet_id',
    'household_id',
    'trim(name) as name',
    'species',
    'breed',
    'birth_date',
    'weight_kg',
]) }}
