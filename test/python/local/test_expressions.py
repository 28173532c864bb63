"""DynamoDB expressions that AWS refuses are refused."""

import pytest
from botocore.exceptions import ClientError

KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}


@pytest.fixture(scope="module")
def table(aws):
    client = aws.client("dynamodb")
    schema = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
    index = [{"AttributeName": "lane", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
    client.create_table(
        TableName="ledger",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=schema,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "lane")],
        GlobalSecondaryIndexes=[
            {"IndexName": "by-lane", "KeySchema": index, "Projection": {"ProjectionType": "ALL"}}
        ],
    )
    client.put_item(TableName="ledger", Item={**KEY, "lane": {"S": "x"}, "doc": {"M": {"a": {"N": "1"}}}})
    return client


@pytest.mark.parametrize(
    "expression",
    ["SET one = :v, one = :v", "SET doc.a = :v REMOVE #m", "SET one = if_not_exists(one, :v) ADD one :v"],
)
def test_an_update_names_each_path_once(table, expression):
    names = {"ExpressionAttributeNames": {"#m": "doc"}} if "#m" in expression else {}
    update = {
        "TableName": "ledger",
        "Key": KEY,
        "UpdateExpression": expression,
        "ExpressionAttributeValues": {":v": {"N": "1"}},
        **names,
    }
    with pytest.raises(ClientError, match="overlap"):
        table.update_item(**update)
    with pytest.raises(ClientError, match="overlap"):
        table.transact_write_items(TransactItems=[{"Update": update}])


def test_an_update_of_different_paths_is_taken(table):
    table.update_item(
        TableName="ledger",
        Key=KEY,
        UpdateExpression="SET two = if_not_exists(two, :v), doc.b = :v, three = :v REMOVE four",
        ExpressionAttributeValues={":v": {"N": "1"}},
    )


@pytest.mark.parametrize(("index", "attribute"), [({}, "sk"), ({"IndexName": "by-lane"}, "lane")])
def test_a_filter_may_not_name_the_keys_of_what_it_queries(table, index, attribute):
    key = "lane" if index else "pk"
    with pytest.raises(ClientError, match="non-primary key attributes"):
        table.query(
            TableName="ledger",
            KeyConditionExpression=f"{key} = :v",
            FilterExpression="#f = :v",
            ExpressionAttributeNames={"#f": attribute},
            ExpressionAttributeValues={":v": {"S": "a"}},
            **index,
        )


def test_a_filter_on_other_attributes_is_taken_up_to_100_operands(table):
    def ask(count: int):
        values = {f":i{n}": {"N": str(n)} for n in range(count)}
        table.query(
            TableName="ledger",
            KeyConditionExpression="pk = :k",
            FilterExpression=f"lane <> :k AND three IN ({', '.join(values)})",
            ExpressionAttributeValues={**values, ":k": {"S": "a"}},
        )

    ask(100)
    with pytest.raises(ClientError, match="too many operands"):
        ask(101)


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("p = :p", 5),
        ("p = :p AND s <= :two", 3),
        ("p = :p AND s < :two", 2),
        ("p = :p AND s > :two", 2),
        ("p = :p and s >= :two", 3),
        ("p = :p AND s = :two", 1),
        ("p = :p AND begins_with(s, :two)", 1),
        ("p = :p AND s BETWEEN :one AND :two", 2),
    ],
)
def test_a_key_condition_finds_the_same_quickly_or_not(aws, condition, found):
    dynamodb, name = aws.client("dynamodb"), "quick"
    if name not in dynamodb.list_tables()["TableNames"]:
        dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("p", "s")],
            KeySchema=[
                {"AttributeName": "p", "KeyType": "HASH"},
                {"AttributeName": "s", "KeyType": "RANGE"},
            ],
        )
        for number in range(5):
            dynamodb.put_item(TableName=name, Item={"p": {"S": "all"}, "s": {"S": str(number)}})
    values = {":p": {"S": "all"}, ":one": {"S": "1"}, ":two": {"S": "2"}}
    used = {key: value for key, value in values.items() if key in condition}
    answer = dynamodb.query(TableName=name, KeyConditionExpression=condition, ExpressionAttributeValues=used)
    assert answer["Count"] == found
