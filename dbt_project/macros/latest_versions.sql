{#
  The end of a staging model: one row per key, the version that arrived last. Arrival is ordered by landing
  time, then file, then line. On an incremental run the stored version of a key competes with new ones, and
  only a new version that wins is merged, so an older one that becomes visible late changes nothing.

  `newest_by` are columns that say by themselves which version is newer, and outweigh the arrival. Each column
  of `replaced` comes once more as _replaced_<column>, with the value of the version that the row took the
  place of: whoever adds up by such a date has to look at the old one too.
#}
{% macro latest_versions(rows, key, columns, newest_by=[], replaced=[]) -%}
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
        {% for column in replaced -%}
        max(case when is_stored then {{ column }} end) over (
            partition by {{ key | join(', ') }}
        ) as _replaced_{{ column }},
        {% endfor -%}
        row_number() over (
            partition by {{ key | join(', ') }}
            order by
                {% for column in newest_by -%}
                {{ column }} desc,
                {% endfor -%}
                _ingested_at desc, _source_file desc, _source_line desc, is_stored desc
        ) as arrival_rank
    from versions

),

latest as (

    select
        {{ columns | join(',\n        ') }}
        {%- for column in replaced %},
        _replaced_{{ column }}
        {%- endfor %}
    from ranked
    where arrival_rank = 1 and not is_stored

)
{%- endmacro %}
