{#
  A column whose values tell of a person, for a mart. `restricted` is masked everywhere and `pii` unless the
  target is production. The mask is one text for all: a hash of an address can be found out by trying
  addresses. A missing value stays missing, so that it can still be counted.
#}
{% macro mask_pii(column, classification='pii') -%}
{%- if classification not in ['pii', 'restricted'] -%}
    {{ exceptions.raise_compiler_error("mask_pii knows pii and restricted, not " ~ classification) }}
{%- elif classification == 'pii' and is_production() -%}
    cast({{ column }} as varchar)
{%- else -%}
    cast(case when {{ column }} is not null then '{{ pii_mask() }}' end as varchar)
{%- endif -%}
{%- endmacro %}

{# Says yes when this run builds what production reads, by the target's name or the task's stage, else nothing. #}
{% macro is_production() -%}
{{ 'yes' if target.name == 'prod' or env_var('SLUICE_STAGE', '') == 'prod' }}
{%- endmacro %}

{# What stands in place of a hidden value, here and in silver: MASK of jobs/cleanse/masks.py. #}
{% macro pii_mask() -%} *** {%- endmacro %}
