"""Properties that the emulator's CloudFormation drops and that code or tests can see.

Sources, below https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/:
aws-resource-secretsmanager-secret.html (Ref is the ARN; what GenerateSecretString excludes),
aws-resource-dynamodb-table.html (TTL, point-in-time recovery).
"""

import json
import secrets
import string

PASSWORD_LENGTH_DEFAULT = 32


def apply(parts) -> None:
    """Wrap the handlers of secrets and tables."""
    from ministack.services import dynamodb, secretsmanager
    from ministack.services.cloudformation import provisioners

    provisioners._sm_secret_string = secret_string
    handlers = provisioners._RESOURCE_HANDLERS
    _refer_by_arn(handlers["AWS::SecretsManager::Secret"], secretsmanager)
    _keep_table_settings(handlers["AWS::DynamoDB::Table"], dynamodb)


def secret_string(properties: dict) -> str:
    """The secret's text: as given, or generated within the exclusions."""
    wish = properties.get("GenerateSecretString")
    if properties.get("SecretString") or wish is None:
        return properties.get("SecretString", "")
    classes = {
        "Lowercase": string.ascii_lowercase,
        "Uppercase": string.ascii_uppercase,
        "Numbers": string.digits,
        "Punctuation": string.punctuation,
    }
    allowed = "".join(
        text for name, text in classes.items() if str(wish.get(f"Exclude{name}")).lower() != "true"
    )
    allowed += " " if str(wish.get("IncludeSpace")).lower() == "true" else ""
    allowed = "".join(letter for letter in allowed if letter not in wish.get("ExcludeCharacters", ""))
    made = "".join(
        secrets.choice(allowed) for _ in range(int(wish.get("PasswordLength", PASSWORD_LENGTH_DEFAULT)))
    )
    if "SecretStringTemplate" not in wish:
        return made
    return json.dumps({**json.loads(wish["SecretStringTemplate"]), wish["GenerateStringKey"]: made})


def _refer_by_arn(handlers: dict, secretsmanager) -> None:
    create, update, delete = handlers["create"], handlers["update"], handlers["delete"]

    def name_of(physical: str) -> str:
        return next(
            (name for name, secret in secretsmanager._secrets.items() if secret["ARN"] == physical), physical
        )

    def by_arn(made):
        name, attributes, *more = made
        return (secretsmanager._secrets[name]["ARN"], attributes, *more)

    handlers["create"] = lambda *arguments: by_arn(create(*arguments))
    handlers["update"] = lambda physical, *rest, **named: by_arn(update(name_of(physical), *rest, **named))
    handlers["delete"] = lambda physical, properties: delete(name_of(physical), properties)


def _keep_table_settings(handlers: dict, dynamodb) -> None:
    create, update = handlers["create"], handlers["update"]

    def keep(made, properties: dict):
        name = made[0]
        recovery = properties.get("PointInTimeRecoverySpecification") or {}
        dynamodb._pitr_settings[name] = str(recovery.get("PointInTimeRecoveryEnabled")).lower() == "true"
        expiry = properties.get("TimeToLiveSpecification") or {}
        if expiry:
            enabled = str(expiry.get("Enabled")).lower() == "true"
            dynamodb._ttl_settings[name] = {
                "TimeToLiveStatus": "ENABLED" if enabled else "DISABLED",
                "AttributeName": expiry.get("AttributeName", ""),
            }
        return made

    handlers["create"] = lambda logical, properties, stack: keep(
        create(logical, properties, stack), properties
    )
    handlers["update"] = lambda physical, old, new, *rest, **named: keep(
        update(physical, old, new, *rest, **named), new
    )
