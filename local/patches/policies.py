"""A policy's text is parsed once, with the same answers: a request asks for all of its caller's policies."""

from functools import lru_cache

TEXTS_KEPT = 1_000


def apply(parts) -> None:
    """Wrap the parser. What it gives is only read by those who ask."""
    from ministack.core import iam_evaluator

    parse = iam_evaluator.parse_policy_document
    parse_text = lru_cache(TEXTS_KEPT)(parse)

    def parsed(document):
        return parse_text(document) if isinstance(document, str) else parse(document)

    iam_evaluator.parse_policy_document = parsed
