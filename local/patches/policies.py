"""Who calls, and what a policy's text says, is worked out once, with the same answers: each request asks."""

from functools import lru_cache

TEXTS_KEPT = 1_000


def apply(parts) -> None:
    """Wrap the parser, whose statements are only read by those who ask, and the question who calls."""
    from ministack.core import iam_evaluator

    parse = iam_evaluator.parse_policy_document
    parse_text = lru_cache(TEXTS_KEPT)(parse)

    def parsed(document):
        return parse_text(document) if isinstance(document, str) else parse(document)

    iam_evaluator.parse_policy_document = parsed
    iam_evaluator.request_caller_arn = _caller_arn(iam_evaluator, iam_evaluator.request_caller_arn)


def _caller_arn(evaluator, ask):
    """Of the caller only the ARN is wanted here: the credential has it, without the policies."""
    from ministack.core.responses import _account_from_sts_session, get_account_id
    from ministack.core.router import extract_access_key_id

    def caller_arn(headers, query_params=None) -> str:
        key = extract_access_key_id(headers or {}, query_params or {})
        if key and (account := _account_from_sts_session(key)):
            credential = evaluator.resolve_credential(key, account)
            return getattr(credential, "principal_arn", "") or f"arn:aws:iam::{get_account_id()}:root"
        return ask(headers, query_params)

    return caller_arn
