{#
  Loads files of silver into Snowflake's raw table of events, and lists the runs that they are of: the container
  calls it before the models, `--args '{"runs": [run ids], "files": [keys below the stage]}'`.

  What is loaded has passed its contract and is masked. COPY INTO remembers each file for 64 days and passes over
  one that it has loaded, so that a repeated call loads nothing twice; a file of which it does not know is older
  than the table's first load, and was in it. Parquet's moments are of UTC, and so is the session that casts them.
  Source: Snowflake's reference of COPY INTO <table>, whose `files` takes 1,000 names.
#}
{% macro copy_into_raw_events(runs, files, stage='@raw.silver') -%}
    {%- if target.type != 'snowflake' -%}
        {{ exceptions.raise_compiler_error("only Snowflake copies files into a table, not " ~ target.type) }}
    {%- endif -%}
    {%- for name in runs + files if not modules.re.match('[A-Za-z0-9][A-Za-z0-9_.:+=/-]*$', name) -%}
        {{ exceptions.raise_compiler_error("no run and no file of silver is named " ~ name) }}
    {%- endfor -%}
    {%- for statement in raw_events_statements(source('lake', 'events'), runs, files, stage) -%}
        {%- do run_query(statement) -%}
    {%- endfor -%}
{%- endmacro %}

{#- What the load does, one statement after another. -#}
{% macro raw_events_statements(raw_events, runs, files, stage) -%}
    {%- set plan_runs = source('sluice', 'plan_runs') -%}
    {%- set columns -%}
        event_id varchar, event_type varchar, occurred_at timestamp_ntz, customer_id varchar,
        session_id varchar, schema_version bigint, payload varchar, _source_file varchar,
        _source_line bigint, _run_id varchar, _ingested_at timestamp_ntz
    {%- endset -%}
    {%- set statements = [
        "alter session set timezone = 'UTC'",
        "create schema if not exists " ~ raw_events.without_identifier(),
        "create schema if not exists " ~ plan_runs.without_identifier(),
        "create table if not exists " ~ raw_events ~ " (" ~ columns ~ ")",
    ] -%}
    {%- for some in files | batch(1000) -%}
        {%- set copy -%}
            copy into {{ raw_events }}
            from {{ stage }}/
            files = ('{{ some | join("', '") }}')
            file_format = (type = parquet use_logical_type = true)
            match_by_column_name = case_insensitive
            on_error = abort_statement
        {%- endset -%}
        {%- do statements.append(copy) -%}
    {%- endfor -%}
    {%- do statements.append(
        "create or replace table " ~ plan_runs ~ " (entity varchar, run_id varchar, is_new boolean)"
    ) -%}
    {%- for some in runs | batch(10000) -%}
        {%- do statements.append(
            "insert into " ~ plan_runs ~ " values ('events', '"
            ~ some | join("', true), ('events', '") ~ "', true)"
        ) -%}
    {%- endfor -%}
    {{ return(statements) }}
{%- endmacro %}
