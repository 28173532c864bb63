{#- A text, number or boolean below a key of a JSON object, as text; null for the absent, empty or nested. -#}
{% macro json_text(column, key) -%}
    {{ adapter.dispatch('json_text', 'lake')(column, key) }}
{%- endmacro %}

{% macro default__json_text(column, key) -%}
nullif(json_extract_scalar({{ column }}, '$.{{ key }}'), '')
{%- endmacro %}

{% macro duckdb__json_text(column, key) -%}
nullif(
    case
        when left(json_extract_string({{ column }}, '$.{{ key }}'), 1) not in ('{', '[')
            then json_extract_string({{ column }}, '$.{{ key }}')
    end, ''
)
{%- endmacro %}

{% macro snowflake__json_text(column, key) -%}
nullif(
    case
        when typeof(get_path(try_parse_json({{ column }}), '{{ key }}')) not in ('OBJECT', 'ARRAY')
            then cast(get_path(try_parse_json({{ column }}), '{{ key }}') as varchar)
    end, ''
)
{%- endmacro %}

{#- The same as a number, null where it is none. -#}
{% macro json_number(column, key) -%}
try_cast({{ json_text(column, key) }} as decimal(18, 6))
{%- endmacro %}

{#- A JSON array below a key, as text; null for what is none. -#}
{% macro json_array(column, key) -%}
    {{ adapter.dispatch('json_array', 'lake')(column, key) }}
{%- endmacro %}

{% macro default__json_array(column, key) -%}
case
    when json_format(json_extract({{ column }}, '$.{{ key }}')) like '[%'
        then json_format(json_extract({{ column }}, '$.{{ key }}'))
end
{%- endmacro %}

{% macro duckdb__json_array(column, key) -%}
case
    when cast(json_extract({{ column }}, '$.{{ key }}') as varchar) like '[%'
        then cast(json_extract({{ column }}, '$.{{ key }}') as varchar)
end
{%- endmacro %}

{% macro snowflake__json_array(column, key) -%}
case
    when typeof(get_path(try_parse_json({{ column }}), '{{ key }}')) = 'ARRAY'
        then to_json(get_path(try_parse_json({{ column }}), '{{ key }}'))
end
{%- endmacro %}

{#- Joins each row of `rows` with the elements of a JSON array in it: `element` is JSON again, as text. -#}
{% macro json_elements(rows, array_column) -%}
    {{ adapter.dispatch('json_elements', 'lake')(rows, array_column) }}
{%- endmacro %}

{% macro default__json_elements(rows, array_column) -%}
select
    {{ rows }}.*,
    json_format(elements.element) as element
from {{ rows }}
cross join unnest(cast(json_parse({{ rows }}.{{ array_column }}) as array(json))) as elements(element)
{%- endmacro %}

{% macro duckdb__json_elements(rows, array_column) -%}
select
    {{ rows }}.*,
    unnest(cast({{ array_column }} as json[])) as element
from {{ rows }}
{%- endmacro %}

{% macro snowflake__json_elements(rows, array_column) -%}
select
    {{ rows }}.*,
    to_json(elements.value) as element
from {{ rows }}, lateral flatten(input => try_parse_json({{ rows }}.{{ array_column }})) as elements
{%- endmacro %}
