"""The unreliable network: one TCP proxy for each device. Owns connection cuts and byte counts.

Must never change a byte.
"""

from __future__ import annotations

import asyncio
import contextlib
from enum import Enum


class Line(Enum):
    """State of the line between a device and the server."""

    UP = "up"
    #: Refuses connections.
    DOWN = "down"
    #: Cuts after the first bytes of the request.
    CUT_REQUEST = "cut request"
    #: Forwards the request and cuts when the server begins to answer: the server has committed, the device does not know.
    CUT_REPLY = "cut reply"


#: Bytes of a request that pass before CUT_REQUEST cuts.
REQUEST_BYTES = 64


class Proxy:
    """A proxy in front of the server."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._open: set[asyncio.StreamWriter] = set()
        self._listener: asyncio.Server | None = None
        self._line = Line.UP
        self.port = 0
        self.up_bytes = 0
        self.down_bytes = 0
        self.cuts = 0

    async def start(self) -> None:
        """Listens on a free local port."""
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._listener.sockets[0].getsockname()[1]

    @property
    def line(self) -> Line:
        """The current state of the line."""
        return self._line

    def set(self, line: Line) -> None:
        """Changes the state of the line and cuts all open connections, so that none of them survives into the new state."""
        self._line = line
        for writer in list(self._open):
            writer.transport.abort()

    async def stop(self) -> None:
        """Closes the listener and all connections."""
        if self._listener:
            self._listener.close()
        self.set(Line.DOWN)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._line is Line.DOWN:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, far_writer}
        self._open |= ends
        try:
            await asyncio.gather(self._up(reader, far_writer, ends), self._down(far_reader, writer, ends))
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open -= ends
            for end in ends:
                with contextlib.suppress(OSError):
                    end.transport.abort()

    async def _up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ends: set) -> None:
        while data := await reader.read(65_536):
            if self._line is Line.CUT_REQUEST:
                writer.write(data[:REQUEST_BYTES])
                await writer.drain()
                return self._cut(ends)
            self.up_bytes += len(data)
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    async def _down(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ends: set) -> None:
        while data := await reader.read(65_536):
            if self._line is Line.CUT_REPLY:
                return self._cut(ends)
            self.down_bytes += len(data)
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    def _cut(self, ends: set) -> None:
        self.cuts += 1
        for end in ends:
            end.transport.abort()
