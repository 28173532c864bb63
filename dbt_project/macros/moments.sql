{#- Whole seconds from one moment to another; parts of a second are cut off both, as targets count apart. -#}
{% macro seconds_between(earlier, later) -%}
    {{ adapter.dispatch('seconds_between', 'lake')(earlier, later) }}
{%- endmacro %}

{% macro default__seconds_between(earlier, later) -%}
date_diff('second', date_trunc('second', {{ earlier }}), date_trunc('second', {{ later }}))
{%- endmacro %}

{% macro snowflake__seconds_between(earlier, later) -%}
datediff('second', date_trunc('second', {{ earlier }}), date_trunc('second', {{ later }}))
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
