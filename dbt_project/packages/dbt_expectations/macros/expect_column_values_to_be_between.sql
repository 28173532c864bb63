{% test expect_column_values_to_be_between(
    model, column_name, min_value=none, max_value=none, row_condition=none, strictly=false
) -%}
{%- if min_value is none and max_value is none -%}
    {{ exceptions.raise_compiler_error("expect_column_values_to_be_between needs min_value or max_value") }}
{%- endif -%}
{%- set equal = '=' if not strictly else '' %}

select *
from {{ model }}
where
    {{ row_condition ~ ' and' if row_condition }}
    not (
        {{ column_name ~ ' >' ~ equal ~ ' ' ~ min_value if min_value is not none }}
        {{ 'and' if min_value is not none and max_value is not none }}
        {{ column_name ~ ' <' ~ equal ~ ' ' ~ max_value if max_value is not none }}
    )

{%- endtest %}
