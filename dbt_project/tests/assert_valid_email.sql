-- Something before one at sign, and a dot somewhere behind it. A user's own mistake stops nobody's build.
{{ config(severity='warn') }}

select user_id
from {{ ref('stg_users') }}
where
    email is null
    or email not like '_%@_%._%'
    or email like '%@%@%'
    or email like '% %'
