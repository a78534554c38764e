"""The driver's side of a device process: starts it, sends commands, kills it, and records the ops that it reported as saved.

Must never know more of a device than what its process answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from pathlib import Path

from .proxy import Proxy

STOP_SECONDS = 20
LINE_BYTES = 64 << 20


class DeviceGone(RuntimeError):
    """The process ended during a command."""


class DeviceFailed(RuntimeError):
    """The library answered with an error that the demo does not expect."""


class Phone:
    """One device and its process."""

    def __init__(self, name: str, folder: Path, proxy: Proxy) -> None:
        self.name = name
        self.proxy = proxy
        self.state = "off"
        self.pending = 0
        self.cursor = 0
        self.duplicates = 0
        #: seq -> reference of each op that was reported as saved.
        self.saved: dict[int, str] = {}
        self.log = folder / f"{name}.log"
        self._path = folder / f"{name}.sqlite"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Starts the process, which creates or opens its database."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "stocksync_demo.device_process", str(self._path),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log, limit=LINE_BYTES,
            )  # fmt: skip
        await self._answer()
        self.state = "ready"

    async def ask(self, do: str, **arguments: object) -> dict:
        """Sends a command to the device and returns its answer."""
        await self._send(do, arguments)
        return await self._answer()

    async def _send(self, do: str, arguments: dict) -> None:
        process = self._running()
        process.stdin.write(json.dumps({"do": do, **arguments}).encode() + b"\n")
        try:
            await process.stdin.drain()
        except OSError as error:
            raise DeviceGone(self.name) from error

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.stdin is None or self._process.stdout is None:
            raise DeviceGone(self.name)
        return self._process

    async def _answer(self) -> dict:
        while True:
            line = await self._running().stdout.readline()
            if not line.endswith(b"\n"):
                raise DeviceGone(f"{self.name}: {self.log.read_text(errors='replace')[-2_000:]}")
            message = json.loads(line)
            if "saved" in message:
                self._record_saved(message["saved"])
            elif "ok" in message:
                return message["ok"]
            else:
                raise DeviceFailed(f"{self.name}: {message['error']}")

    def _record_saved(self, saved: dict) -> None:
        self.saved[saved["seq"]] = saved["reference"]

    async def capture(self, request: dict, act: str | None = None) -> None:
        """Records an op on the device and remembers that it was reported as saved."""
        self._record_saved(await self.ask("capture", request=request, act=act))

    async def burst_until_killed(self, request: dict, times: int, after_saves: int, after_ms: int) -> None:
        """Starts a burst and kills the process `after_ms` after it has reported `after_saves` ops as saved."""
        await self._send("burst", {"request": request, "times": times})
        process, before = self._running(), len(self.saved)
        while len(self.saved) < before + after_saves:
            self._record_saved(json.loads(await process.stdout.readline())["saved"])
        await asyncio.sleep(after_ms / 1_000)
        process.send_signal(signal.SIGKILL)
        with contextlib.suppress(DeviceGone):
            await self._answer()  # reads what the process reported before it was killed
        await process.wait()
        self.state = "killed"

    async def kill(self) -> None:
        """Kills the process. A command that waits for its answer raises `DeviceGone`."""
        self._running().send_signal(signal.SIGKILL)
        self.state = "killed"

    async def sync(self, deadline_ms: int) -> dict:
        """Syncs once and returns the result."""
        self.state = "syncing"
        result = await self.ask("sync", deadline_ms=deadline_ms)
        self.duplicates += result.get("duplicates", 0)
        self.state = "cut off" if "failed" in result else "synced"
        await self.status()
        return result

    async def status(self) -> dict:
        """Reads outbox, cursor and seq of the device."""
        status = await self.ask("status")
        self.pending, self.cursor = status["pending"], status["cursor"]
        return status

    async def missing(self) -> list[str]:
        """A line for each op that was reported as saved and that the database does not have, or has with other content."""
        stored = dict((await self.ask("own_acts"))["rows"])
        return [
            f"{self.name}: op {seq} was reported as saved and {'differs' if seq in stored else 'is missing'}"
            for seq, reference in sorted(self.saved.items())
            if stored.get(seq) != reference
        ]

    async def stop(self) -> None:
        """Ends the process by closing its standard input."""
        process = self._process
        if process is None or process.returncode is not None or process.stdin is None:
            return
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except asyncio.TimeoutError:
            process.kill()
            await process.wait()

