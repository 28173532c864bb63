{{ living_rows('base_household_members', columns=[
    'member_id',
    'household_id',
    'user_id',
    'role',
    'joined_at',
]) }}
