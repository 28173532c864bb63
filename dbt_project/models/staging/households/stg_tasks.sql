{{ living_rows('base_tasks', columns=[
    'task_id',
    'household_id',
    'pet_id',
    'task_type',
    'title',
    'status',
    'assigned_user_id',
    'completed_user_id',
    'due_at',
    'completed_at',
]) }}
