{# Whole cents as dollars with two decimals. A product stays exact on each engine; a division does not. #}
{% macro cents_to_dollars(column) -%}
cast({{ column }} * 0.01 as decimal(18, 2))
{%- endmacro %}
