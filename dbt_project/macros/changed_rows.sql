{#
  The rows of a CTE that are not in the table yet just as they are: new ones, and those of which any value is
  another. On a first build or a full refresh these are all. It compares values and no clock, so a correction
  of an old day is found whenever it becomes visible. `columns` are all that the table has.
#}
{% macro changed_rows(rows, columns) -%}
select
    {{ columns | join(',\n    ') }}
from {{ rows }}
{%- if is_incremental() %}

except

select
    {{ columns | join(',\n    ') }}
from {{ this }}
{%- endif %}
{%- endmacro %}

{#
  A statement for after a snapshot, which is never built anew: a full refresh reads all of silver, and what is
  not in it any more was deleted because somebody asked for it. `kept` has every key that there is.
#}
{% macro delete_forgotten(kept, key) -%}
{%- if flags.FULL_REFRESH -%}
delete from {{ this }}
where
    not exists (
        select 1
        from {{ kept }} as kept
        where kept.{{ key }} = {{ this.identifier }}.{{ key }}
    )
{%- endif -%}
{%- endmacro %}

{#
  A statement for after a merge: takes out of the table the rows whose key `source` has no longer. A merge
  updates and adds, but a correction can also move a row to another key. `key` maps the table's columns to
  those of `source`.
#}
{% macro delete_what_left(key, source) -%}
{%- if is_incremental() -%}
delete from {{ this }}
where
    not exists (
        select 1
        from {{ source }} as kept
        where
            {% for column, other in key.items() -%}
            {{ 'and ' if not loop.first }}kept.{{ other }} = {{ this.identifier }}.{{ column }}
            {% endfor -%}
    )
{%- endif -%}
{%- endmacro %}
