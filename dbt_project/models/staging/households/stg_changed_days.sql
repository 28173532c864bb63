{#- A table: whoever counts anew asks for these days many times, and Trino takes 150 stages a statement. -#}
{{ config(materialized='table') }}

with new_runs as (

    select run_id
    from {{ source('sluice', 'plan_runs') }}
    where is_new

),

changed_at as (

    {{ moments_of_new_rows('new_runs', {
        'base_households': ['created_at', '_replaced_created_at'],
        'base_users': ['created_at', '_replaced_created_at'],
        'base_tasks': ['created_at', 'completed_at', '_replaced_created_at', '_replaced_completed_at'],
        'base_activity_logs': ['occurred_at', '_replaced_occurred_at'],
    }) }}

),

final as (

    select distinct cast(happened_at as date) as changed_date
    from changed_at
    where happened_at is not null

)

select * from final
