with new_runs as (

    select run_id
    from {{ source('sluice', 'plan_runs') }}
    where is_new

),

changed_at as (

    {% for model, moments in [
        ('base_households', ['created_at', '_replaced_created_at']),
        ('base_users', ['created_at', '_replaced_created_at']),
        ('base_tasks', ['created_at', 'completed_at', '_replaced_created_at', '_replaced_completed_at']),
        ('base_activity_logs', ['occurred_at', '_replaced_occurred_at']),
    ] -%}
    {%- set is_last_model = loop.last -%}
    {%- for moment in moments -%}
    select {{ moment }} as happened_at
    from {{ ref(model) }}
    where _run_id in (select new_runs.run_id from new_runs)
    {{ 'union all' if not (is_last_model and loop.last) }}
    {% endfor -%}
    {%- endfor %}

),

final as (

    select distinct cast(happened_at as date) as changed_date
    from changed_at
    where happened_at is not null

)

select * from final
