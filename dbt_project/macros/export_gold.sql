{#
  Writes one dataset of an edition and notes each file in sluice.exported_files. It runs after every test has
  passed, so that an edition is complete or does not exist. `location` ends with the edition's folder.
#}
{% macro export_gold(exports) -%}
    {%- for export in exports -%}
        {{ adapter.dispatch('export_dataset', 'lake')(
            export['dataset'], export['relation'], export['date_column'], export['location'],
            export['edition']
        ) }}
    {%- endfor -%}
{%- endmacro %}

{% macro default__export_dataset(dataset, relation, date_column, location, edition) -%}
    {{ exceptions.raise_compiler_error("gold is exported by the target duckdb only, not by " ~ target.type) }}
{%- endmacro %}

{% macro duckdb__export_dataset(dataset, relation, date_column, location, edition) -%}
    {%- do run_query(
        "create table if not exists sluice.exported_files "
        ~ "(dataset varchar, uri varchar, rows_written bigint, bytes bigint)"
    ) -%}
    {%- set copy -%}
        copy (
            select
                *,
                '{{ edition }}' as _edition,
                strftime({{ date_column }}, '%Y') as year,
                strftime({{ date_column }}, '%m') as month
            from {{ relation }}
        ) to '{{ location }}' (
            format parquet, compression zstd, partition_by (year, month), overwrite_or_ignore true,
            filename_pattern '{{ dataset }}_{i}', return_stats true
        )
    {%- endset -%}
    {%- for file in run_query(copy).rows -%}
        {%- do run_query(
            "insert into sluice.exported_files values ('" ~ dataset ~ "', '" ~ file['filename'] ~ "', "
            ~ file['count'] ~ ", " ~ file['file_size_bytes'] ~ ")"
        ) -%}
    {%- endfor -%}
{%- endmacro %}
