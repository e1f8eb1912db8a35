"""Poster hosts: one folder of posters, served over HTTP on one or more ports of loopback.

Each port is a host of its own to a downloader. The server is nginx with its echo module where they
are installed, else ``peers/serve.py``.
"""

import shutil
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

ADDRESS = "127.0.0.1"
ECHO_MODULE = Path("/usr/lib/nginx/modules/ngx_http_echo_module.so")
CLOCK_TICK = 0.002
"""The server's clock counts whole milliseconds, in seconds."""

SERVE = Path(__file__).resolve().parent / "peers" / "serve.py"

NGINX = """
pid {folder}/nginx.pid; error_log {folder}/error.log; daemon off; worker_processes 1;
{load_echo}
events {{ worker_connections 4096; }}
http {{
  log_format request "$request_method $server_port $msec $request_time";
  access_log {log} request;
  keepalive_requests 10000000; sendfile on; tcp_nodelay on; default_type image/jpeg;
  {servers}
}}
"""

SERVER = """
  server {{
    listen {address}:{port} backlog=1024; root {posters};
    {latency}
  }}
"""

LATENCY = """
    location / {{ echo_sleep {seconds}; echo_exec /now$uri; }}
    location /now/ {{ internal; alias {posters}/; }}
"""


@dataclass(frozen=True)
class PosterHosts:
    """Hosts on loopback that all serve the same posters.

    Attributes:
        folder: where ``posters/`` is, and where the log and nginx's files go.
        latency_ms: how long each response waits, in milliseconds.
        ports: the port of each host.
    """

    folder: Path
    latency_ms: float
    ports: Sequence[int]

    @property
    def posters(self) -> Path:
        """The folder that is served."""
        return self.folder / "posters"

    @property
    def urls(self) -> list[str]:
        """The base URL of each host."""
        return [f"http://{ADDRESS}:{port}" for port in self.ports]

    def requests(self) -> int:
        """Return how many requests all hosts together were sent."""
        return self._log.read_bytes().count(b"\n") if self._log.exists() else 0

    def forget(self) -> None:
        """Empty the log of requests."""
        self._log.write_bytes(b"")

    def most_at_once(self) -> int:
        """Return how many requests a host answered at once, at most."""
        changes: dict[str, list[tuple[float, int]]] = defaultdict(list)
        for line in self._log.read_text().splitlines():
            _, port, end, seconds = line.split()
            begin = float(end) - float(seconds) + CLOCK_TICK
            changes[port] += [(begin, 1), (float(end), -1)]
        return max(max(accumulate(step for _, step in sorted(some))) for some in changes.values())

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Serve the posters until the block is left."""
        server = subprocess.Popen([str(word) for word in self._command()])
        try:
            for port in self.ports:
                _wait_for(port)
            yield
        finally:
            server.terminate()
            server.wait()

    @property
    def _log(self) -> Path:
        return self.folder / "requests.log"

    def _command(self) -> list[object]:
        nginx = shutil.which("nginx")
        if nginx and (ECHO_MODULE.exists() or not self.latency_ms):
            config = self.folder / "nginx.conf"
            config.write_text(self._nginx_config())
            return [nginx, "-c", config]
        return [sys.executable, SERVE, self.posters, self.latency_ms, self._log, *self.ports]

    def _nginx_config(self) -> str:
        load_echo = latency = ""
        if self.latency_ms:
            load_echo = f"load_module {ECHO_MODULE};"
            latency = LATENCY.format(seconds=self.latency_ms / 1000, posters=self.posters)
        servers = [
            SERVER.format(address=ADDRESS, port=port, posters=self.posters, latency=latency)
            for port in self.ports
        ]
        return NGINX.format(
            folder=self.folder, log=self._log, load_echo=load_echo, servers="".join(servers)
        )


def free_ports(count: int) -> list[int]:
    """Return ports of loopback that nothing listens on."""
    with ExitStack() as all_open:
        probes = [all_open.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((ADDRESS, 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def _wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex((ADDRESS, port)) == 0:
                return
        time.sleep(0.05)
    sys.exit(f"the poster host on port {port} did not start")
