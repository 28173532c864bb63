{% test expect_table_row_count_to_be_between(
    model, min_value=none, max_value=none, row_condition=none, strictly=false
) -%}
{%- if min_value is none and max_value is none -%}
    {{ exceptions.raise_compiler_error("expect_table_row_count_to_be_between needs min_value or max_value") }}
{%- endif -%}
{%- set equal = '=' if not strictly else '' %}

with counted as (

    select count(*) as row_count
    from {{ model }}
    {{ 'where ' ~ row_condition if row_condition }}

)

select row_count
from counted
where
    not (
        {{ 'row_count >' ~ equal ~ ' ' ~ min_value if min_value is not none }}
        {{ 'and' if min_value is not none and max_value is not none }}
        {{ 'row_count <' ~ equal ~ ' ' ~ max_value if max_value is not none }}
    )

{%- endtest %}
