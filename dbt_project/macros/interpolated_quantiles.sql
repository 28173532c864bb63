{#
  Quantiles with linear interpolation between the two nearest ranks, per group, as CTEs that end in
  `quantiles(by columns, tail, observations, quantile)`: the value at rank (n - 1) * tail, counted from 0.
  DuckDB calls it quantile_cont and NumPy "linear"; Trino has only an approximation, hence plain SQL.
#}
{% macro interpolated_quantiles(rows, by, value, tails) -%}
tails as (

    {% for tail in tails -%}
    select cast({{ tail }} as decimal(3, 2)) as tail
    {{ 'union all ' if not loop.last }}
    {%- endfor %}

),

value_ranks as (

    select
        {{ by | join(', ') }},
        {{ value }} as ranked_value,
        row_number() over (partition by {{ by | join(', ') }} order by {{ value }}) - 1 as value_rank,
        count(*) over (partition by {{ by | join(', ') }}) as observations
    from {{ rows }}

),

neighbours as (

    select
        {{ by | join(', ') }},
        tail,
        observations,
        (observations - 1) * tail - floor((observations - 1) * tail) as fraction,
        max(case when value_rank = floor((observations - 1) * tail) then ranked_value end) as value_below,
        max(case when value_rank = ceiling((observations - 1) * tail) then ranked_value end) as value_above
    from value_ranks
    cross join tails
    group by {{ by | join(', ') }}, tail, observations

),

quantiles as (

    select
        {{ by | join(', ') }},
        tail,
        observations,
        value_below + cast(fraction as double) * (value_above - value_below) as quantile
    from neighbours

)
{%- endmacro %}
