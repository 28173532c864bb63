{% test expect_compound_columns_to_be_unique(
    model, column_list, quote_columns=false, ignore_row_if="all_values_are_missing", row_condition=none
) -%}
{%- set columns = [] -%}
{%- for column in column_list -%}
    {%- do columns.append(adapter.quote(column) if quote_columns else column) -%}
{%- endfor -%}
{%- set glue = {'all_values_are_missing': ' or ', 'any_value_is_missing': ' and '}.get(ignore_row_if) -%}

select
    {{ columns | join(', ') }},
    count(*) as row_count
from {{ model }}
where
    1 = 1
    {{ 'and ' ~ row_condition if row_condition }}
    {% if glue %}and ({{ columns | join(' is not null' ~ glue) }} is not null){% endif %}
group by {{ columns | join(', ') }}
having count(*) > 1

{%- endtest %}
