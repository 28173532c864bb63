{# Rows that fulfil the condition and yet have no value. #}
{% test not_null_where(model, column_name, condition) -%}

select *
from {{ model }}
where ({{ condition }}) and {{ column_name }} is null

{%- endtest %}
