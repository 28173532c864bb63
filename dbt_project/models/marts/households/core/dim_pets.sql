with pets as (

    select *
    from {{ ref('stg_pets') }}

),

species as (

    select *
    from {{ ref('pet_species') }}

),

final as (

    select
        cast(pets.pet_id as varchar) as pet_id,
        cast(pets.household_id as varchar) as household_id,
        cast(pets.name as varchar) as pet_name,
        cast(pets.species as varchar) as species,
        cast(species.species_name as varchar) as species_name,
        cast(species.animal_class as varchar) as animal_class,
        cast(pets.breed as varchar) as breed,
        pets.birth_date,
        cast(pets.weight_kg as decimal(9, 3)) as weight_kg,
        cast(pets.created_at as date) as added_date
    from pets
    left join species on pets.species = species.species

)

select * from final
