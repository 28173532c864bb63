with digits as (

    select listed.digit
    from (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) as listed (digit)

),

numbers as (

    select thousands.digit * 1000 + hundreds.digit * 100 + tens.digit * 10 + ones.digit as day_number
    from digits as thousands
    cross join digits as hundreds
    cross join digits as tens
    cross join digits as ones

),

final as (

    select cast(date '2020-01-01' + day_number * interval '1' day as date) as date_day
    from numbers
    where day_number <= date_diff('day', date '2020-01-01', date '2030-12-31')

)

select * from final
