{{ config(severity='warn') }}

select user_id
from {{ ref('stg_users') }}
where
    email is null
    or (
        email <> '{{ pii_mask() }}'
        and (email not like '_%@_%._%' or email like '%@%@%' or email like '% %')
    )
