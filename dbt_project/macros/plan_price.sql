{# What a plan costs a month by the price list, in dollars; a plan that is not listed has no price. #}
{% macro plan_price(plan) -%}
cast(
            case {{ plan }} when 'Free' then 0 when 'Premium' then 9.99 when 'Enterprise' then 49.99 end
            as decimal(18, 2)
        )
{%- endmacro %}
