"""The demo's server: its process, its set-up commands and a few requests over HTTP.

Owns a temporary data folder. Must never read the server's database: it uses the API like any client.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import tempfile
import urllib.error
import urllib.request
from urllib.parse import quote
from pathlib import Path

START_SECONDS = 90
STOP_SECONDS = 30


class ServerFailed(RuntimeError):
    """The server did not start, or a command or request failed."""


def _free_port() -> int:
    """A port on which nobody listens now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """A server with a private Postgres in a temporary folder."""

    def __init__(self, binary: str, port: int) -> None:
        self._binary = binary
        self._process: asyncio.subprocess.Process | None = None
        self.port = port or _free_port()
        # Postgres may run as another user, who must be able to enter the folder.
        self.folder = Path(tempfile.mkdtemp(prefix="stocksync-demo-"))
        self.folder.chmod(0o755)
        self.log = self.folder / "server.log"

    @property
    def url(self) -> str:
        """Address of API and console."""
        return f"http://127.0.0.1:{self.port}"

    def _arguments(self, *words: str) -> list[str]:
        return [self._binary, *words, "--data-dir", str(self.folder / "server"), "--listen", f"127.0.0.1:{self.port}"]

    async def start(self) -> None:
        """Starts the server and waits until it is ready."""
        environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL",)}
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._arguments("serve"), stdout=log, stderr=log, env=environment
            )
        for _ in range(START_SECONDS * 10):
            if self._process.returncode is not None:
                break
            if await self._ready():
                return
            await asyncio.sleep(0.1)
        raise ServerFailed(f"the server did not start:\n{self.log_tail()}")

    async def kill(self) -> None:
        """Kills the process. Its Postgres is not told and ends by itself."""
        self._process.kill()
        await self._process.wait()

    async def kill_postgres(self) -> None:
        """Kills the private Postgres; the server then ends by itself."""
        pid = (self.folder / "server" / "postgres" / "postmaster.pid").read_text().split()[0]
        os.kill(int(pid), signal.SIGKILL)
        await asyncio.wait_for(self._process.wait(), STOP_SECONDS)

    async def _ready(self) -> bool:
        try:
            await self.get("/health/ready")
        except (OSError, ServerFailed):
            return False
        return True

    def log_tail(self) -> str:
        """The last lines of the log."""
        return self.log.read_text(errors="replace")[-4_000:]

    async def command(self, *words: str) -> dict:
        """Runs a set-up command and returns the JSON object that it prints."""
        process = await asyncio.create_subprocess_exec(
            *self._arguments(*words), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, errors = await process.communicate()
        if process.returncode:
            raise ServerFailed(f"{' '.join(words)}: {errors.decode(errors='replace')}")
        return json.loads(out)

    async def create_tenant(self, name: str) -> str:
        """Creates a tenant and returns its id."""
        return (await self.command("tenant", "create", "--name", name))["tenant"]

    async def create_code(self, tenant: str) -> str:
        """Creates a one-time code that enrols one device."""
        return (await self.command("enrolment-code", "create", "--tenant", tenant))["code"]

    async def enrol(self, code: str, name: str) -> str:
        """Enrols the driver itself, which has no database, and returns its credential for reading."""
        answer = await self.get("/api/v1/enrol", body={"code": code, "device_name": name})
        return answer["data"]["credential"]

    async def balances(self, credential: str) -> dict[tuple[str, str, str], int]:
        """All balances of the server in thousandths, by (variant, location, lot)."""
        found: dict[tuple[str, str, str], int] = {}
        after = None
        while True:
            query = f"?limit=500&after={quote(after)}" if after else "?limit=500"
            answer = await self.get(f"/api/v1/balances{query}", credential)
            for row in answer["data"]:
                found[(row["variant"], row.get("virtual") or row["location"], row["lot"])] = int(row["on_hand"])
            after = answer["meta"].get("next")
            if not after:
                return found

    async def exceptions(self, credential: str) -> list[list[str]]:
        """Kind and cell of the server's open exceptions, sorted, without those about records."""
        rows = (await self.get("/api/v1/exceptions?limit=500", credential))["data"]
        return sorted([row["kind"], row["variant"], row["location"], row["lot"]] for row in rows if row["variant"])

    async def get(self, path: str, credential: str | None = None, body: dict | None = None) -> dict:
        """Sends a request: GET, or POST if there is a body."""
        return await asyncio.to_thread(self._request, path, credential, body)

    def _request(self, path: str, credential: str | None, body: dict | None) -> dict:
        request = urllib.request.Request(self.url + path)
        if credential:
            request.add_header("authorization", f"Bearer {credential}")
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("content-type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise ServerFailed(f"{path}: {error.code} {error.read(400).decode(errors='replace')}") from error

    async def stop(self) -> None:
        """Stops the server and removes its folder."""
        process = self._process
        if process and process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
            except asyncio.TimeoutError:
                process.kill()
                await process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
