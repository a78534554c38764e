"""The driver's end of a device's process: starts it, asks it, kills it, and keeps what it reported as saved.

Must never know more of a device than a person who holds it: what it says on the line between them.
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
    """The process ended while it was asked."""


class DeviceFailed(RuntimeError):
    """The library answered with an error that the story has no place for."""


class Phone:
    """One device as the driver sees it."""

    def __init__(self, name: str, folder: Path, proxy: Proxy) -> None:
        self.name = name
        self.proxy = proxy
        self.state = "off"
        self.pending = 0
        self.cursor = 0
        self.duplicates = 0
        #: seq -> reference of every act that was reported as saved.
        self.saved: dict[int, str] = {}
        self.log = folder / f"{name}.log"
        self._path = folder / f"{name}.sqlite"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Starts the process; its database is made or found."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "stocksync_demo.device_process", str(self._path),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log, limit=LINE_BYTES,
            )  # fmt: skip
        await self._answer()
        self.state = "ready"

    async def ask(self, do: str, **arguments: object) -> dict:
        """Has the device do something and answers what it says."""
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
            said = json.loads(line)
            if "saved" in said:
                self._keep(said["saved"])
            elif "ok" in said:
                return said["ok"]
            else:
                raise DeviceFailed(f"{self.name}: {said['error']}")

    def _keep(self, saved: dict) -> None:
        self.saved[saved["seq"]] = saved["reference"]

    async def capture(self, request: dict, act: str | None = None) -> None:
        """Records an act and keeps what was reported."""
        self._keep(await self.ask("capture", request=request, act=act))

    async def burst_until_killed(self, request: dict, times: int, after_saves: int, after_ms: int) -> None:
        """Starts a burst and kills the process from outside, so long after it reported so many acts as saved."""
        await self._send("burst", {"request": request, "times": times})
        process, before = self._running(), len(self.saved)
        while len(self.saved) < before + after_saves:
            self._keep(json.loads(await process.stdout.readline())["saved"])
        await asyncio.sleep(after_ms / 1_000)
        process.send_signal(signal.SIGKILL)
        with contextlib.suppress(DeviceGone):
            await self._answer()  # what it reported before it died
        await process.wait()
        self.state = "killed"

    async def kill(self) -> None:
        """Kills the process from outside, whatever it does. Who waits for its answer finds it gone."""
        self._running().send_signal(signal.SIGKILL)
        self.state = "killed"

    async def sync(self, deadline_ms: int) -> dict:
        """Syncs once."""
        self.state = "syncing"
        done = await self.ask("sync", deadline_ms=deadline_ms)
        self.duplicates += done.get("duplicates", 0)
        self.state = "cut off" if "failed" in done else "synced"
        await self.look()
        return done

    async def look(self) -> dict:
        """Asks how it stands."""
        now = await self.ask("status")
        self.pending, self.cursor = now["pending"], now["cursor"]
        return now

    async def missing(self) -> list[str]:
        """Acts that were reported as saved and that the database does not have, or has as something else."""
        held = dict((await self.ask("own_acts"))["rows"])
        return [
            f"{self.name}: act {seq} was reported as saved and {'is another' if seq in held else 'is not there'}"
            for seq, reference in sorted(self.saved.items())
            if held.get(seq) != reference
        ]

    async def stop(self) -> None:
        """Lets the process end by itself."""
        process = self._process
        if process is None or process.returncode is not None or process.stdin is None:
            return
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except asyncio.TimeoutError:
            process.kill()
            await process.wait()

