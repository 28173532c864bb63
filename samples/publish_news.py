"""Publishes news articles to a stream.

python -m samples.publish_news --stack sluice-dev --articles 100 --bad 2

Where to send to is read from the outputs of a stack that was deployed with `streams`, or named by --transport
and --stream. The same seed gives the same articles, in the shape of contracts/news_articles.yaml. Of each
hundred, about five come again with a corrected title; `--bad` spoils so many besides, each in another way.
It prints one JSON line.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from samples.generator.draw import Draw

FIRST_ARTICLE = datetime(2013, 3, 1, 6, 0, tzinfo=UTC)
PUBLISHERS = ("Example Wire", "Example Ledger", "Example Markets")
LANGUAGES = ("en", "en", "en", "de")
SYMBOLS = ("AAPL", "AMZN", "GOOG", "IBM", "MSFT")
HEADLINES = (
    "{symbol} closes {change} percent {direction}",
    "{symbol} trades {direction} on heavy volume",
    "Analysts see {symbol} {direction} after quarterly figures",
    "{symbol} and its sector: what moved {direction} today",
)
CORRECTED_PERCENT = 5
# What both services take in one call; the smaller of their bounds.
BATCH_RECORDS_MAX = 500
TRIES_MAX = 5
FIRST_WAIT_SECONDS = 0.2

Send = Callable[[list[bytes]], list[bytes]]


def articles(count: int, seed: int) -> Iterator[dict]:
    """`count` records: articles in the order of their publication, some correcting earlier ones."""
    draw, moment, earlier = Draw(seed), FIRST_ARTICLE, []
    for number in range(count):
        moment += timedelta(seconds=30 + draw.below(600))
        if earlier and draw.chance(CORRECTED_PERCENT):
            first = draw.one_of(earlier)
            yield {**first, "title": f"Corrected: {first['title']}", "published_at": _iso(moment)}
            continue
        article = _article(draw, f"N{seed:03}-{number:06}", moment)
        earlier.append(article)
        yield article


def _article(draw: Draw, article_id: str, moment: datetime) -> dict:
    symbols = sorted({draw.one_of(SYMBOLS) for _ in range(1 + draw.below(2))})
    up, change = draw.chance(50), f"{draw.below(40) / 10 + 0.1:.1f}"
    words = {"symbol": symbols[0], "change": change, "direction": "up" if up else "down"}
    title = draw.one_of(HEADLINES).format(**words)
    article = {
        "article_id": article_id,
        "published_at": _iso(moment),
        "publisher": draw.one_of(PUBLISHERS),
        "title": title,
        "url": f"https://news.example.com/articles/{article_id}",
        "language": draw.one_of(LANGUAGES),
        "symbols": symbols,
        "sentiment": (1 if up else -1) * draw.below(100) / 100,
    }
    return {**article, "summary": f"{title}."} if draw.chance(80) else article


def spoiled(article: dict, way: int) -> bytes:
    """A record that the contract refuses, in one of four ways."""
    if way % 4 == 0:
        return json.dumps(article).encode()[:-20]
    wrong = ({"title": None}, {"published_at": "yesterday"}, {"sentiment": 7})[way % 4 - 1]
    return json.dumps({**article, **wrong}).encode()


def records(count: int, bad: int, seed: int) -> list[bytes]:
    """`count` good records and `bad` spoiled ones between them, each as the bytes that are sent."""
    good = list(articles(count, seed))
    found = [json.dumps(article, separators=(",", ":")).encode() for article in good]
    draw = Draw(seed + 1)
    for way in range(bad):
        article = {**_article(draw, f"N{seed:03}-bad-{way:03}", FIRST_ARTICLE)}
        found.insert(draw.below(len(found) + 1), spoiled(article, way))
    return found


def publish(found: list[bytes], send: Send, per_second: float = 0) -> int:
    """Send all records in batches, refused ones again; gives their number. RuntimeError after five tries."""
    size = BATCH_RECORDS_MAX if per_second <= 0 else max(1, min(BATCH_RECORDS_MAX, int(per_second)))
    for start in range(0, len(found), size):
        waiting = found[start : start + size]
        for attempt in range(TRIES_MAX):
            waiting = send(waiting)
            if not waiting:
                break
            time.sleep(FIRST_WAIT_SECONDS * 2**attempt)
        else:
            raise RuntimeError(f"{len(waiting)} records were refused {TRIES_MAX} times")
        if per_second > 0 and start + size < len(found):
            time.sleep(size / per_second)
    return len(found)


def sender(transport: str, stream: str) -> Send:
    """What sends a batch to a delivery stream or a Kinesis stream, and gives back what was refused."""
    import boto3

    client = boto3.client(transport)

    def to_firehose(batch: list[bytes]) -> list[bytes]:
        answer = client.put_record_batch(
            DeliveryStreamName=stream, Records=[{"Data": record} for record in batch]
        )
        return [
            record
            for record, one in zip(batch, answer["RequestResponses"], strict=True)
            if "ErrorCode" in one
        ]

    def to_kinesis(batch: list[bytes]) -> list[bytes]:
        # By its content: the articles spread over the shards, and two versions of one need no order.
        answer = client.put_records(
            StreamName=stream,
            Records=[{"Data": record, "PartitionKey": record[:64].decode()} for record in batch],
        )
        return [record for record, one in zip(batch, answer["Records"], strict=True) if "ErrorCode" in one]

    return {"firehose": to_firehose, "kinesis": to_kinesis}[transport]


def _place(stack: str) -> tuple[str, str]:
    import boto3

    found = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0].get("Outputs", [])
    outputs = {one["OutputKey"]: one["OutputValue"] for one in found}
    if "NewsStreamName" not in outputs:
        raise SystemExit(f"{stack} has no stream: deploy it with --param streams=firehose (or kinesis)")
    return outputs["NewsTransport"], outputs["NewsStreamName"]


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; answers the process's exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stack", help="the stack whose stream takes the news, such as sluice-dev")
    parser.add_argument("--transport", choices=["firehose", "kinesis"])
    parser.add_argument("--stream", help="the name of the stream, with --transport")
    parser.add_argument("--articles", type=int, default=100)
    parser.add_argument("--bad", type=int, default=0, help="records that the contract refuses, besides")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-second", type=float, default=0, help="how fast; 0 is as fast as it goes")
    chosen = parser.parse_args(arguments)
    if bool(chosen.stack) == bool(chosen.stream and chosen.transport):
        parser.error("name either --stack, or --transport and --stream")
    transport, stream = _place(chosen.stack) if chosen.stack else (chosen.transport, chosen.stream)
    found = records(chosen.articles, chosen.bad, chosen.seed)
    sent = publish(found, sender(transport, stream), chosen.per_second)
    print(json.dumps({"sent": sent, "bad": chosen.bad, "transport": transport, "stream": stream}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
