{{ living_rows('base_users', columns=[
    'user_id',
    'lower(trim(email)) as email',
    'display_name',
    'phone',
    'country_code',
    'acquisition_channel',
    'is_email_verified',
    'last_login_at',
]) }}
