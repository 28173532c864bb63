{#
  Cost of a position after each trade, as CTEs that end in `scan_last(position columns, cost_basis)`.

  Each trade maps the cost before it to `kept * cost + added`: a buy keeps all and adds its amount, a sale
  keeps the share of the quantity that stays. Such maps compose. After round i each row holds the
  composition of the newest 2^(i+1) trades up to it, so that a fixed number of rounds replaces the recursion
  that Athena does not offer at this depth. No term is negative: the error stays near the 15th digit, far below
  a cent.
  `rounds` bounds the trades per position to 2^rounds; a test holds the bound.
  Source of the method: Hillis and Steele, Data Parallel Algorithms, 1986.
#}
{% macro average_cost_scan(rows, position, sequence, rounds=14) -%}
{%- for round in range(rounds) %}
scan_{{ round if not loop.last else 'last' }} as (

    select
        {{ position | join(', ') }}, {{ sequence }},
        kept * coalesce(lag(kept, {{ 2 ** round }}) over position_order, 1e0) as kept,
        kept * coalesce(lag(cost_basis, {{ 2 ** round }}) over position_order, 0e0) + cost_basis as cost_basis
    from {{ rows if loop.first else 'scan_' ~ (round - 1) }}
    window position_order as (partition by {{ position | join(', ') }} order by {{ sequence }})

){{ ',' if not loop.last }}
{%- endfor %}
{%- endmacro %}
