{#
  A staging model of one silver entity as three steps, `source`, `renamed` and `latest`: the rows of the runs that
  are new, with the types of `columns` (a name and a type each; where a row comes from is added), one per key.
  `newest_by` and `replaced` are those of latest_versions.
#}
{% macro silver_rows(entity, key, columns, newest_by=[], replaced=[]) -%}
{%- set origin = {
    '_source_file': 'varchar', '_source_line': 'bigint', '_run_id': 'varchar', '_ingested_at': 'timestamp(6)'
} -%}
{%- set types = dict(columns, **origin) -%}
source as (

    select *
    from {{ source('lake', entity) }}
    {{ only_new_runs(entity) }}

),

renamed as (

    select
        {%- for name, type in types.items() %}
        cast({{ name }} as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from source

),

{{ latest_versions('renamed', key, types | list, newest_by, replaced) }}
{%- endmacro %}
