{# A share in per cent with two decimals, halves away from zero; null where there is nothing to share. #}
{% macro percentage(part, whole) -%}
cast(1e2 * {{ part }} / nullif({{ whole }}, 0) as decimal(18, 2))
{%- endmacro %}
