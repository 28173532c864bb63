{#- What Google writes in millionths, as an exact decimal on every target: a division would round on some. -#}
{% macro micros_to_units(column) -%}
cast(cast({{ column }} as decimal(20, 0)) * 0.000001 as decimal(18, 6))
{%- endmacro %}

{#-
  The column in which a loader writes when it read a row, by source: older versions of Airbyte have another.
  The names are those of `refreshColumn` in the source's file.
-#}
{% macro refresh_column(source_name) -%}
{{ var('refresh_columns')[source_name] }}
{%- endmacro %}

{#-
  What Airbyte brought of a table of campaigns as two steps, `source` and `ranked`: each extraction adds a row
  of a key, and the newest one has the rank 1.
-#}
{% macro ranked_extractions(source_name, key) -%}
source as (

    select *
    from {{ source('raw', source_name ~ '_campaigns') }}

),

ranked as (

    select
        source.*,
        row_number() over (
            partition by {{ key | join(', ') }}
            order by {{ refresh_column(source_name) }} desc, _airbyte_raw_id desc
        ) as extraction_rank
    from source

)
{%- endmacro %}

{#- The sum of each column under its own name. -#}
{% macro sums_of(columns) -%}
{%- for column in columns -%}
sum({{ column }}) as {{ column }}{{ ', ' if not loop.last }}
{%- endfor -%}
{%- endmacro %}

{#- One figure per another, null where that other is zero or unknown. -#}
{% macro ratio(figure, per, type) -%}
cast(cast({{ figure }} as double) / nullif(cast({{ per }} as double), 0e0) as {{ type }})
{%- endmacro %}
