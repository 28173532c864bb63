{#
  A dataset's rows are stored by the months in which it is exported, so that the export reads a month without
  the others. dbt calls this macro for a model with a contract, and every dataset has one.
#}
{% macro duckdb__get_select_subquery(sql) -%}
{{ dbt.default__get_select_subquery(sql) }}
{%- set partition_date = config.get('meta', {}).get('partition_date') %}
{%- if partition_date %}
order by date_trunc('month', {{ partition_date }})
{%- endif %}
{%- endmacro %}
