{#- Whole seconds or minutes between two moments; what is less is cut off both, as targets count apart. -#}
{% macro units_between(unit, earlier, later) -%}
    {{ adapter.dispatch('units_between', 'lake')(unit, earlier, later) }}
{%- endmacro %}

{% macro default__units_between(unit, earlier, later) -%}
date_diff('{{ unit }}', date_trunc('{{ unit }}', {{ earlier }}), date_trunc('{{ unit }}', {{ later }}))
{%- endmacro %}

{% macro snowflake__units_between(unit, earlier, later) -%}
datediff('{{ unit }}', date_trunc('{{ unit }}', {{ earlier }}), date_trunc('{{ unit }}', {{ later }}))
{%- endmacro %}

{#- The moment so many days ago. -#}
{% macro days_ago(days) -%}
    {{ adapter.dispatch('days_ago', 'lake')(days) }}
{%- endmacro %}

{% macro default__days_ago(days) -%}
current_timestamp - interval '{{ days }}' day
{%- endmacro %}

{% macro snowflake__days_ago(days) -%}
dateadd('day', -{{ days }}, current_timestamp)
{%- endmacro %}
