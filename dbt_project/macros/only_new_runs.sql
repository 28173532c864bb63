{#
  The rows a staging model has to read: on an incremental run those of the silver runs that the plan lists and
  this database has not merged yet. It is a list and no watermark on purpose: a run that is committed late may
  carry an older clock, and a watermark would lose it for good.
#}
{% macro only_new_runs(entity) -%}
{#- Outside of the condition, so that dbt sees the dependency while it parses. -#}
{%- set plan_runs = source('sluice', 'plan_runs') -%}
{%- if is_incremental() -%}
    where
        _run_id in (
            select plan_runs.run_id
            from {{ plan_runs }} as plan_runs
            where plan_runs.entity = '{{ entity }}' and plan_runs.is_new
        )
{%- endif -%}
{%- endmacro %}
