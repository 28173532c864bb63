-- Something before one at sign, and a dot somewhere behind it. A user's own mistake stops nobody's build.
-- Where silver holds a mask in place of the address, there is nothing to judge.
{{ config(severity='warn') }}

select user_id
from {{ ref('stg_users') }}
where
    email is null
    or (
        email <> '{{ pii_mask() }}'
        and (email not like '_%@_%._%' or email like '%@%@%' or email like '% %')
    )
