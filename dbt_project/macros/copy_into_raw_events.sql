{#
  Loads the files of raw-events/ that Snowflake has not loaded yet into the raw table of events, which has the
  shape of silver: `dbt run-operation copy_into_raw_events --args '{run_id: ...}'`, before the models.

  COPY INTO remembers each file for 64 days, so a repeated call loads nothing twice. sluice.plan_runs then
  lists each load; those from which the staging model has no row yet are new.
  Source: Snowflake's reference of COPY INTO <table>, with metadata$filename and metadata$file_row_number.
#}
{% macro copy_into_raw_events(run_id, stage='@raw.shop_events') -%}
    {%- if target.type != 'snowflake' -%}
        {{ exceptions.raise_compiler_error("only Snowflake copies files into a table, not " ~ target.type) }}
    {%- endif -%}
    {%- if not modules.re.match('[A-Za-z0-9][A-Za-z0-9_.:+-]*$', run_id) -%}
        {{ exceptions.raise_compiler_error("run_id has characters that no run has: " ~ run_id) }}
    {%- endif -%}
    {%- set raw_events = source('lake', 'events') -%}
    {%- set plan_runs = source('sluice', 'plan_runs') -%}
    {%- set staged = load_relation(ref('stg_events')) -%}
    {%- for statement in raw_events_statements(raw_events, plan_runs, staged, stage, run_id) -%}
        {%- do run_query(statement) -%}
    {%- endfor -%}
{%- endmacro %}

{#- What the load does, one statement after another. -#}
{% macro raw_events_statements(raw_events, plan_runs, staged, stage, run_id) -%}
    {%- set columns -%}
        event_id varchar, event_type varchar, occurred_at timestamp_ntz, customer_id varchar,
        session_id varchar, schema_version bigint, payload varchar, _source_file varchar,
        _source_line bigint, _run_id varchar, _ingested_at timestamp_ntz
    {%- endset -%}
    {%- set copy -%}
        copy into {{ raw_events }}
        from (
            select
                $1:event_id, $1:event_type,
                to_timestamp_ntz(convert_timezone('UTC', $1:occurred_at::timestamp_tz)), $1:customer_id,
                $1:session_id, $1:schema_version, to_json($1:payload), metadata$filename,
                metadata$file_row_number, '{{ run_id }}', sysdate()
            from {{ stage }}/raw-events/
        )
        file_format = (type = json)
        on_error = skip_file
    {%- endset -%}
    {%- set list_runs -%}
        create or replace table {{ plan_runs }} as
        select distinct
            'events' as entity,
            _run_id as run_id,
            {{ '_run_id not in (select _run_id from ' ~ staged ~ ')' if staged else 'true' }} as is_new
        from {{ raw_events }}
    {%- endset -%}
    {{ return([
        "create table if not exists " ~ raw_events ~ " (" ~ columns ~ ")",
        copy,
        list_runs,
    ]) }}
{%- endmacro %}
