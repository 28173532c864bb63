-- depends_on: {{ ref('stg_events') }}
{{ config(materialized='view') }}

with plan_runs as (

    select *
    from {{ source('sluice', 'plan_runs') }}

),

final as (

    select run_id
    from plan_runs
    where entity = 'events' and is_new

)

select * from final
