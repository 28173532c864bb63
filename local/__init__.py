"""A local AWS: MiniStack with process engines for ECS and Glue, made as strict as AWS where it matters."""
