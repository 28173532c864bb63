{{ living_rows('base_subscriptions', columns=[
    'subscription_id',
    'household_id',
    'plan',
    'status',
    cents_to_dollars('price_cents') ~ ' as billed_price',
    'currency',
    'started_at',
    'ended_at',
]) }}
