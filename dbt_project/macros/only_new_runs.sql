{#
  The rows a staging model has to read: on an incremental run those of the silver runs that the plan lists and
  this database has not merged yet. It is a list and no watermark on purpose: a run that is committed late may
  carry an older clock, and a watermark would lose it for good.

  `look_back_days` adds what landed in the last days, where the source still shows it: what is merged again is
  the same row. It only guards against a list that names too little; the list itself has no such bound.
#}
{% macro only_new_runs(entity, look_back_days=0) -%}
{#- Outside of the condition, so that dbt sees the dependency while it parses. -#}
{%- set plan_runs = source('sluice', 'plan_runs') -%}
{%- if is_incremental() -%}
    where
        _run_id in (
            select plan_runs.run_id
            from {{ plan_runs }} as plan_runs
            where plan_runs.entity = '{{ entity }}' and plan_runs.is_new
        )
        {%- if look_back_days %}
        or _ingested_at >= {{ days_ago(look_back_days) }}
        {%- endif %}
{%- endif -%}
{%- endmacro %}
