{#
  The orders of which this build has read an event, as a subquery: those that the new events name, and those
  that the versions before them named. A look-back would miss an event that comes later than it reaches.
#}
{% macro touched_orders() -%}
select new_events.order_id
from {{ ref('stg_events') }} as new_events
where
    new_events.order_id is not null
    and new_events._run_id in (select new_runs.run_id from {{ ref('stg_events__new_runs') }} as new_runs)

union all

select replaced_events._replaced_order_id
from {{ ref('stg_events') }} as replaced_events
where
    replaced_events._replaced_order_id is not null
    and replaced_events._run_id in (select new_runs.run_id from {{ ref('stg_events__new_runs') }} as new_runs)
{%- endmacro %}

{#- Before the touched orders are written anew, what the table has of them goes: an order can lose a line. -#}
{% macro delete_touched_orders() -%}
{#- Outside of the condition, so that dbt sees what is read while it parses. -#}
{%- set touched = touched_orders() -%}
{%- if is_incremental() -%}
delete from {{ this }}
where order_id in ({{ touched }})
{%- endif -%}
{%- endmacro %}

{#- Restricts an incremental build to the touched orders. -#}
{% macro only_touched_orders() -%}
{%- set touched = touched_orders() -%}
{%- if is_incremental() -%}
and order_id in ({{ touched }})
{%- endif -%}
{%- endmacro %}

{#
  One row per order and product of the orders in `orders`, as CTEs that end in `order_items`. A product that
  an order names twice is added up; a line without product, quantity or price is none. Unless the build is
  incremental they are taken from `whole`, a relation that has those of all orders.
#}
{% macro flattened_order_items(orders, whole=none) -%}
{%- if whole and not is_incremental() -%}
order_items as (

    select *
    from {{ whole }}

)
{%- else -%}
elements as (

    {{ json_elements(orders, 'items') | indent(4) }}

),

lines as (

    select
        order_id,
        {{ json_text('element', 'product_id') | indent(8) }} as product_id,
        {{ json_number('element', 'quantity') | indent(8) }} as quantity,
        {{ json_number('element', 'unit_price') | indent(8) }} as unit_price
    from elements

),

order_items as (

    select
        order_id,
        product_id,
        cast(sum(quantity) as decimal(28, 6)) as quantity,
        cast(sum(quantity * unit_price) as decimal(28, 6)) as amount
    from lines
    where product_id is not null and quantity is not null and unit_price is not null
    group by order_id, product_id

)
{%- endif -%}
{%- endmacro %}

{#- The newest known value of a column over the events of an order. -#}
{% macro newest_known(column) -%}
max_by({{ column }}, case when {{ column }} is not null then event_number end)
{%- endmacro %}
