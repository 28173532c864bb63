"""ExecutionParameters of StartQueryExecution, which Athena puts in place of each `?`.

Source: https://docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements-querying.html:
values are taken as written, in order, so a string must bring its own single quotes.
"""

import json
import re

# Literals, quoted names and comments, in which a question mark means nothing; else the mark.
_PIECES = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|(\?)", re.DOTALL)


def apply(parts) -> None:
    """Wrap the start of a query."""
    from ministack.services import athena

    start = athena._start_query_execution

    def start_query_execution(data: dict):
        given = data.get("ExecutionParameters")
        if not given:
            return start(data)
        answer = start({**data, "QueryString": filled(data.get("QueryString", ""), given)})
        if answer[0] == 200:
            execution = athena._executions[json.loads(answer[2])["QueryExecutionId"]]
            execution.update(Query=data["QueryString"], ExecutionParameters=list(given))
        return answer

    athena._start_query_execution = start_query_execution


def filled(query: str, values: list[str]) -> str:
    """The query with each `?` replaced in order; left alone when the counts differ, and then it fails."""
    marks = sum(1 for piece in _PIECES.finditer(query) if piece[1])
    if marks != len(values):
        return query
    rest = iter(values)
    return _PIECES.sub(lambda piece: next(rest) if piece[1] else piece[0], query)
