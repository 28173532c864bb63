"""What a Trino finds its tables by: files of its own, as Athena has them, or a Glue and its S3."""

METASTORE = """
hive.metastore.catalog.dir=local:///metastore
fs.native-local.enabled=true
local.location={folder}/tables
"""
# Athena has both kinds in one catalog; Trino has one for each, and a redirection. Athena's statements write
# to 100 partitions at most; here a writer does, and each statement has one.
CATALOGS = {
    "awsdatacatalog": f"""
connector.name=iceberg
iceberg.catalog.type=TESTING_FILE_METASTORE
iceberg.hive-catalog-name=hive
iceberg.max-partitions-per-writer=100
{METASTORE}
""",
    "hive": f"""
connector.name=hive
hive.metastore=file
hive.iceberg-catalog-name=awsdatacatalog
hive.max-partitions-per-writers=100
hive.security=allow-all
{METASTORE}
""",
}


ON_GLUE = """
connector.name=hive
hive.metastore=glue
hive.metastore.glue.endpoint-url={endpoint}
hive.metastore.glue.region=us-east-1
hive.metastore.glue.aws-access-key=test
hive.metastore.glue.aws-secret-key=test
hive.security=allow-all
fs.native-s3.enabled=true
s3.endpoint={endpoint}
s3.region=us-east-1
s3.aws-access-key=test
s3.aws-secret-key=test
s3.path-style-access=true
"""


def on_glue(endpoint: str) -> dict[str, str]:
    """Catalogs of a server that finds tables and views in the Glue of an endpoint, and files in its S3."""
    return {"awsdatacatalog": ON_GLUE.replace("{endpoint}", endpoint)}
