{#
  A staging model of a table from which rows are deleted by a mark: the rows of `model`, the newest version of
  each key, that bear no mark. `columns` are names, or expressions with a name; when a row was made and where
  it comes from is added.
#}
{% macro living_rows(model, columns) -%}
{%- set origin = ['created_at', 'updated_at', '_source_file', '_source_line', '_run_id', '_ingested_at'] -%}
with versions as (

    select *
    from {{ ref(model) }}

),

living as (

    select
        {{ (columns + origin) | join(',\n        ') }}
    from versions
    where deleted_at is null

)

select * from living
{%- endmacro %}
