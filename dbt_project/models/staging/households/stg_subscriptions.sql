with versions as (

    select *
    from {{ ref('base_subscriptions') }}

),

living as (

    select
        subscription_id,
        household_id,
        plan,
        status,
        {{ cents_to_dollars('price_cents') }} as billed_price,
        currency,
        started_at,
        ended_at,
        created_at,
        updated_at,
        _source_file,
        _source_line,
        _run_id,
        _ingested_at
    from versions
    where deleted_at is null

)

select * from living
