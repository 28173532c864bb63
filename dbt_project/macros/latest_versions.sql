{#
  The end of a staging model: one row per key, the version that arrived last. Arrival is ordered by landing
  time, then file, then line. On an incremental run the stored version of a key competes with new ones, and
  only a new version that wins is merged, so an older one that becomes visible late changes nothing.
#}
{% macro latest_versions(rows, key, columns) -%}
versions as (

    select
        {{ columns | join(',\n        ') }},
        false as is_stored
    from {{ rows }}
    {%- if is_incremental() %}

    union all

    select
        {% for column in columns %}stored.{{ column }},
        {% endfor -%}
        true as is_stored
    from {{ this }} as stored
    inner join (select distinct {{ key | join(', ') }} from {{ rows }}) as new_keys
        on
            {% for column in key -%}
            {{ 'and ' if not loop.first }}stored.{{ column }} = new_keys.{{ column }}
            {% endfor -%}
    {%- endif %}

),

ranked as (

    select
        versions.*,
        row_number() over (
            partition by {{ key | join(', ') }}
            order by _ingested_at desc, _source_file desc, _source_line desc, is_stored desc
        ) as arrival_rank
    from versions

),

latest as (

    select
        {{ columns | join(',\n        ') }}
    from ranked
    where arrival_rank = 1 and not is_stored

)
{%- endmacro %}
