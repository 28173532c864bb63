{#- What a row was made of, for whoever audits it: how many events, and when the newest of them happened. -#}
{% macro audit_columns() -%}
count(*) as source_event_count,
max(occurred_at) as last_event_at
{%- endmacro %}

{#-
  Two relations must have the same number of rows and the same sums of some columns. It answers the sums where
  they differ. `columns` maps the model's columns to those of `compare_to`; `where` restricts the latter.
-#}
{% test audit_reconciles(model, compare_to, columns={}, count_distinct=none, where_compared='1 = 1') -%}
with sums as (

    select
        count(*) as row_count
        {%- for column in columns %},
        coalesce(sum({{ column }}), 0) as {{ column }}
        {%- endfor %}
    from {{ model }}

),

compared as (

    select
        {{ 'count(distinct ' ~ count_distinct ~ ')' if count_distinct else 'count(*)' }} as row_count
        {%- for column, other in columns.items() %},
        coalesce(sum({{ other }}), 0) as {{ column }}
        {%- endfor %}
    from {{ compare_to }}
    where {{ where_compared }}

)

select sums.*
from sums
cross join compared
where
    sums.row_count <> compared.row_count
    {%- for column in columns %}
    or sums.{{ column }} <> compared.{{ column }}
    {%- endfor %}

{%- endtest %}

{#- Two columns of a row must say the same amount, but for `within`; a null agrees with everything. -#}
{% test audit_values_agree(model, column, with_column, within=0) -%}
select *
from {{ model }}
where abs({{ column }} - {{ with_column }}) > {{ within }}

{%- endtest %}
