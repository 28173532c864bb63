{#- The rows of a model by the day of one of their moments, of the days that a CTE lists. -#}
{% macro count_by_day(model, moment, days) -%}
    select cast({{ moment }} as date) as {{ days[1] }}, count(*) as row_count
    from {{ ref(model) }}
    where cast({{ moment }} as date) in (select {{ days[0] }}.{{ days[1] }} from {{ days[0] }})
    group by cast({{ moment }} as date)
{%- endmacro %}

{#- Every moment of the rows that new runs brought, by model. `runs` is a CTE with their run_id. -#}
{% macro moments_of_new_rows(runs, moments_by_model) -%}
{%- for model, moments in moments_by_model.items() -%}
{%- set is_last_model = loop.last -%}
{%- for moment in moments %}
    select {{ moment }} as happened_at
    from {{ ref(model) }}
    where _run_id in (select {{ runs }}.run_id from {{ runs }})
{{ '' if is_last_model and loop.last else '
    union all
' }}
{%- endfor -%}
{%- endfor -%}
{%- endmacro %}
