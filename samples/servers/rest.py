"""A REST API of daily prices on 127.0.0.1: `python -m samples.servers.rest --port 0 --key demo`.

It prints one JSON line with its address and serves until it is told to stop (SIGTERM). Paths:
- `/prices` with the columns of the market_data contract, and `/stable/historical-price-eod/full` with the
  vendor's names: a JSON array, newest day first. Parameters `symbol` (several with commas), `from` and `to`
  (YYYY-MM-DD, both included), `page` (from 0) and `limit`.
- `/linked/prices` and `/cursor/prices` page by an address and by a token inside the body.
- `/_seen` says what was asked so far, and `/_until?day=YYYY-MM-DD` lets the newest day grow; neither needs
  the key.
"""

import argparse
import hmac
import json
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from samples.servers.prices import price_row, trading_days, vendor_row

SYMBOLS = "AAPL,FB,GOOG,IBM,MSFT"
LIMIT_MAX = 5_000
MINUTE_SECONDS = 60
ROWS: dict[str, Callable[[str, date], dict]] = {
    "/prices": price_row,
    "/linked/prices": price_row,
    "/cursor/prices": price_row,
    "/stable/historical-price-eod/full": vendor_row,
}


@dataclass
class Rules:
    """How callers are treated: `key` None needs no key, `fail_every` n answers each n-th with 500."""

    key: str | None = None
    per_minute: int | None = None
    fail_every: int = 0
    until: date = date(2025, 12, 31)
    retry_after_seconds: int = 1
    # So many of the next requests are refused with 429.
    busy: int = 0
    # Every request is sent on to this address; `/linked/prices` names this next page.
    moved_to: str | None = None
    next_url: str | None = None
    seen: list[dict] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    recent: deque[float] = field(default_factory=deque)

    def refusal(self, key: str | None) -> int | None:
        """The status with which a request is refused, or None. Counts the request."""
        if self.key is not None and not hmac.compare_digest((key or "").encode(), self.key.encode()):
            return 401
        with self.lock:
            now = time.monotonic()
            while self.recent and self.recent[0] <= now - MINUTE_SECONDS:
                self.recent.popleft()
            if self.busy > 0 or (self.per_minute is not None and len(self.recent) >= self.per_minute):
                self.busy = max(0, self.busy - 1)
                return 429
            self.recent.append(now)
            return 500 if self.fail_every and len(self.seen) % self.fail_every == 0 else None


class Handler(BaseHTTPRequestHandler):
    """One request; the rules and the address hang on the server."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answers any path of the module's docstring; 400 when a parameter cannot be read."""
        rules: Rules = self.server.rules
        asked = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(asked.query).items()}
        if asked.path == "/_seen":
            return self._answer(200, rules.seen)
        if asked.path == "/_until":
            rules.until = date.fromisoformat(query["day"])
            return self._answer(200, {"until": query["day"]})
        key = self.headers.get("X-API-Key") or query.get("apikey")
        told = {name: value for name, value in query.items() if name != "apikey"}
        known = {"path": asked.path, **told, "at": time.time()}
        with rules.lock:
            rules.seen.append(known)
        if (status := rules.refusal(key)) is not None:
            known["status"] = status
            return self._answer(status, {"error": f"refused with {status}"})
        if rules.moved_to:
            return self._answer(302, {}, Location=rules.moved_to)
        if asked.path not in ROWS:
            return self._answer(404, {"error": "no such path"})
        try:
            return self._answer(200, _page(self.server, asked.path, query))
        except ValueError:
            return self._answer(400, {"error": "a parameter cannot be read"})

    def _answer(self, status: int, body: object, **headers: str) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if status == 429:
            self.send_header("Retry-After", str(self.server.rules.retry_after_seconds))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Says nothing: an access log would hold the key of a query."""


class Server(ThreadingHTTPServer):
    """A thread for each caller; `rules` and `url` are for the handler."""

    daemon_threads = True
    rules: Rules
    url: str

    def handle_error(self, *_: object) -> None:
        """Says nothing of a caller that went away."""


def _page(server: Server, path: str, query: dict[str, str]) -> object:
    """The body of one page."""
    until = server.rules.until
    first = date.fromisoformat(query.get("from", "2000-01-01"))
    last = min(date.fromisoformat(query.get("to", until.isoformat())), until)
    symbols = [name for name in query.get("symbol", SYMBOLS).split(",") if name]
    page = int(query.get("cursor") or query.get("page") or 0)
    limit = min(int(query.get("limit", LIMIT_MAX)), LIMIT_MAX)
    wanted = [(symbol, day) for day in trading_days(first, last) for symbol in symbols][::-1]
    rows = [ROWS[path](*one) for one in wanted[page * limit : (page + 1) * limit]]
    more = (page + 1) * limit < len(wanted)
    if path == "/linked/prices":
        # Some vendors repeat the caller's key here, and so does this one.
        following = f"{server.url}{path}?{urlencode({**query, 'page': page + 1})}"
        return {"data": rows, "next": (server.rules.next_url or following) if more else None}
    if path == "/cursor/prices":
        return {"data": rows, "meta": {"cursor": str(page + 1) if more else None}}
    return rows


def serve(rules: Rules, port: int = 0) -> Server:
    """A server on 127.0.0.1, bound but not answering yet; `url` is its address. Port 0 takes a free one."""
    server = Server(("127.0.0.1", port), Handler)
    server.rules = rules
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    return server


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m samples.servers.rest")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument(
        "--key", help="what X-API-Key or the parameter apikey must hold; none is needed without it"
    )
    parser.add_argument("--per-minute", type=int, help="answers 429 with Retry-After beyond so many requests")
    parser.add_argument("--fail-every", type=int, default=0, help="answers each n-th request with 500")
    parser.add_argument("--until", type=date.fromisoformat, default=date(2025, 12, 31), help="the newest day")
    chosen = parser.parse_args()
    rules = Rules(chosen.key, chosen.per_minute, chosen.fail_every, chosen.until)
    server = serve(rules, chosen.port)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    sys.stdout.write(json.dumps({"url": server.url}) + "\n")
    sys.stdout.flush()
    server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    main()
