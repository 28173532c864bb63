{{ living_rows('base_households', columns=[
    'household_id',
    'trim(name) as name',
    'upper(trim(invite_code)) as invite_code',
    'country_code',
    'time_zone',
]) }}
