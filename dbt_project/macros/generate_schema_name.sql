{#
  The schema of a model: the target's own, or in production the one that the model asks for. Elsewhere that one
  stands behind the target's, so that two people who build on one warehouse never write to one table.
#}
{% macro generate_schema_name(custom_schema_name, node) -%}
{%- if custom_schema_name is none -%}
    {{ target.schema }}
{%- elif is_production() -%}
    {{ custom_schema_name | trim }}
{%- else -%}
    {{ target.schema }}_{{ custom_schema_name | trim }}
{%- endif -%}
{%- endmacro %}
