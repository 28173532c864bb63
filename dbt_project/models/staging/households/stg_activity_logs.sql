{{ living_rows('base_activity_logs', columns=[
    'activity_id',
    'user_id',
    'household_id',
    'activity_type',
    'occurred_at',
    'details',
]) }}
