"""What IAM decides: every decision is recorded, and conditions that MiniStack does not know are evaluated.

Sources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
(condition keys of PutEvents), https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html.
"""

import contextvars
import json
import threading

from local import credentials, recorder
from local.patches import resources

_access_key: contextvars.ContextVar[str] = contextvars.ContextVar("sluice_access_key", default="")
_body: contextvars.ContextVar[bytes] = contextvars.ContextVar("sluice_request_body", default=b"")

_role_keys: dict[str, str] = {}
_role_keys_lock = threading.Lock()


def apply(parts) -> None:
    """Wrap the one function that decides every request."""
    from ministack import app
    from ministack.core import iam_actions, iam_evaluator

    decide = iam_evaluator.enforce
    tag_context = iam_actions.request_tag_context
    pin_origin = iam_evaluator.pin_request_origin

    def enforce(access_key, action, service, region, resource_arn="*", service_context=None):
        _access_key.set(access_key or "")
        if action == "events:PutEvents":
            denied = _decide_put_events(decide, access_key, region, resource_arn, service_context)
        else:
            context = {**resources.condition_keys(action), **(service_context or {})}
            denied = _decide_all(decide, access_key, action, service, region, resource_arn, context)
        _note(iam_evaluator, action, resource_arn, region, denied)
        return denied

    def remember_body(service, action, body, parameters):
        recorder.begin(action)
        if action == "events:PutEvents":
            _body.set(body or b"")
        return tag_context(service, action, body, parameters)

    iam_evaluator.enforce = enforce
    iam_actions.request_tag_context = remember_body
    # The loopback stands for TLS, so that a policy that denies plain HTTP deploys unchanged.
    app.pin_request_origin = lambda address, _secure: pin_origin(address, True)


def may_pass_roles(roles: list[str], service: str) -> str:
    """May the current caller pass each role to a service? "" for yes, else the words of the denial."""
    from ministack.core import iam_actions, iam_evaluator
    from ministack.core.responses import get_region

    for role in dict.fromkeys(roles):
        denied = iam_evaluator.enforce(
            _access_key.get(), "iam:PassRole", "iam", get_region(), role, {"iam:PassedToService": service}
        )
        if denied:
            principal = getattr(denied, "principal_arn", "")
            explicit = getattr(denied, "decision", "") == "Deny"
            return iam_actions.identity_denial_message("iam:PassRole", principal, role, explicit)
    return ""


def caller_may(action: str, resource: str, context: dict | None = None) -> bool:
    """May the current caller do something else too? The question leaves no record."""
    from ministack.core import iam_evaluator
    from ministack.core.responses import get_region

    with recorder.muted():
        return not iam_evaluator.enforce(
            _access_key.get(), action, action.split(":")[0], get_region(), resource, context
        )


def service_may_invoke(service: str, function_arn: str, source_arn: str) -> bool:
    """Does a function's own policy let a service invoke it on behalf of a rule or an API?"""
    from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy
    from ministack.services import lambda_svc

    function, _config, _name = lambda_svc._get_func_record_for_ref(function_arn)
    context = EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action="lambda:InvokeFunction",
        resource_arn=function_arn,
        region=function_arn.split(":")[3],
        service_context={"aws:sourcearn": source_arn, "aws:sourceaccount": function_arn.split(":")[4]},
    )
    policy = (function or {}).get("policy")
    return evaluate_resource_policy(policy, context, service=service).decision == "Allow"


def service_may_assume(service: str, role_arn: str, source_arn: str) -> bool:
    """Does a role's trust policy let a service act with it on behalf of one of its resources?"""
    from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy
    from ministack.services import iam

    account = role_arn.split(":")[4]
    role = iam._roles.get_scoped(account, None, role_arn.rsplit("/", 1)[-1])
    trust = (role or {}).get("AssumeRolePolicyDocument") or "{}"
    trust = json.loads(trust) if isinstance(trust, str) else trust
    statements = trust.get("Statement", [])
    statements = [statements] if isinstance(statements, dict) else statements
    context = EvalContext(
        principal_arn=service,
        principal_type="Service",
        principal_account="",
        action="sts:AssumeRole",
        resource_arn=role_arn,
        region=source_arn.split(":")[3],
        service_context={"aws:sourcearn": source_arn, "aws:sourceaccount": source_arn.split(":")[4]},
    )
    # A trust policy names no resource: it is the role's own.
    named = [{**statement, "Resource": "*"} for statement in statements]
    return evaluate_resource_policy({"Statement": named}, context, service=service).decision == "Allow"


def role_may(role_arn: str, action: str, resource: str, entry: tuple[str, str] | None = None) -> bool:
    """May a role do something on its own account, as a service asks that acts with a function's role?

    `entry` is the source and detail type of the event when the action puts one on a bus.
    """
    from ministack.core import iam_evaluator
    from ministack.core.responses import request_scope

    with _role_keys_lock:
        key = _role_keys.get(role_arn)
        if key is None:
            key = _role_keys[role_arn] = credentials.new_session(role_arn, "service", expires=False)[
                "AccessKeyId"
            ]
    region = (resource.split(":") + [""] * 4)[3] or role_arn.split(":")[3]
    put = {"Source": entry[0], "DetailType": entry[1], "EventBusName": resource} if entry else {}

    def ask() -> bool:
        # The service asks on its own: whether and how its caller signed is not the role's matter.
        iam_evaluator._anonymous.set(False)
        iam_evaluator._signed_request.set(None)
        _body.set(json.dumps({"Entries": [put]}).encode())
        with request_scope(role_arn.split(":")[4], region), recorder.muted():
            return not iam_evaluator.enforce(key, action, action.split(":")[0], region, resource)

    return contextvars.copy_context().run(ask)


def _decide_all(decide, access_key, action, service, region, resource_arn, context):
    """A call on a resource that lies in others is allowed when it is on each of them."""
    for one in (resource_arn, *resources.parents(action, resource_arn)):
        denied = decide(access_key, action, service, region, one, context)
        if denied:
            return denied
    return None


def _decide_put_events(decide, access_key, region, resource_arn, service_context):
    """Each entry is authorized by its own source and detail-type on its own bus."""
    for source, detail_type in _entries(resource_arn):
        context = {**(service_context or {}), "events:source": source, "events:detail-type": detail_type}
        denied = decide(access_key, "events:PutEvents", "events", region, resource_arn, context)
        if denied:
            return denied
    return None


def _entries(bus_arn: str) -> list[tuple[str, str]]:
    bus = bus_arn.rsplit("/", 1)[-1]
    try:
        entries = json.loads(_body.get() or b"{}").get("Entries", [])
        found = {
            (entry.get("Source", ""), entry.get("DetailType", ""))
            for entry in entries
            if (entry.get("EventBusName") or "default").rsplit("/", 1)[-1] == bus
        }
    except (ValueError, AttributeError):
        found = set()
    return sorted(found) or [("", "")]


def _note(evaluator, action, resource, region, denied) -> None:
    principal = getattr(denied, "principal_arn", "") or evaluator.caller_arn()
    recorder.note(principal, action, resource, "denied" if denied else "allowed", region)
