"""The REST server of daily prices inside the test's own process."""

import threading
from datetime import date

from samples.servers.rest import Rules, serve

KEY = "k3y with/odd+signs&such=%"


class RestServer:
    """Serves until the block ends. `rules` may be changed while it runs."""

    def __init__(self) -> None:
        self.rules = Rules(key=KEY, until=date(2024, 1, 31))
        self.server = serve(self.rules)
        self.url = self.server.url
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> "RestServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join(timeout=10)

    @property
    def asked(self) -> list[dict]:
        """The requests that were answered with records."""
        return [one for one in self.rules.seen if "status" not in one]
