"""The demo: `python -m stocksync_demo`. Owns the order of scenes and the exit status.

Must never excuse a difference: the last scene compares all devices, the server and the true shelf.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
import time
from pathlib import Path

from . import catalogue as catalogues
from . import script
from .faults import FETCH, HEAL, UPLOAD, Faults
from .office import SYNC_MS, Ids, record_catalogue
from .phone import DeviceGone, Phone
from .proxy import Line, Proxy
from .report import UNSURE, Live, Report, by_name, count_kinds, differences, digest, table
from .server import Server
from .shelf import Shelf
from .shift import Shift

HEAL_ROUNDS = 8
#: Number of attempts of a sync while a server restarts, and the seconds between them.
MAX_TRIES = 60
PAUSE_SECONDS = 0.5


def arguments() -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(prog="stocksync_demo", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="determines script, pictures, cuts and kills")
    parser.add_argument("--devices", type=int, default=5, choices=range(3, 13), metavar="3..12")
    parser.add_argument("--port", type=int, default=8080, help="port of server and console; 0 for a free one")
    parser.add_argument("--headless", action="store_true", help="end after the table is printed")
    parser.add_argument("--json", type=Path, help="also write the report to this file")
    parser.add_argument("--pictures", type=Path, default=os.environ.get("STOCKSYNC_PICTURES"))
    parser.add_argument("--server", default=os.environ.get("STOCKSYNC_SERVER_BIN"))
    chosen = parser.parse_args()
    if chosen.pictures is None:
        chosen.pictures = Path(__file__).parents[4] / "fixtures" / "barcodes"
    if not chosen.server:
        parser.error("the path of the server's binary is missing: --server or STOCKSYNC_SERVER_BIN")
    return chosen


class Demo:
    """All scenes and their shared state."""

    def __init__(self, chosen: argparse.Namespace) -> None:
        self.chosen = chosen
        self.server = Server(chosen.server, chosen.port)
        self.live = Live(quiet=chosen.headless)
        self.faults = Faults(chosen.seed, self.server, self.live.log)
        self.catalogue = catalogues.make(chosen.seed, Path(chosen.pictures))
        self.shelf = Shelf(dict(self.catalogue.opening.quantities))
        self.phones: list[Phone] = []
        self.report = Report(chosen.seed, chosen.devices)

    async def phone(self, name: str, tenant: str) -> Phone:
        """Starts a device and enrols it over its own line."""
        proxy = Proxy(self.server.port)
        await proxy.start()
        phone = Phone(name, self.server.folder, proxy)
        self.phones.append(phone)
        await phone.start()
        code = await self.server.create_code(tenant)
        await phone.ask("enrol", server=f"http://127.0.0.1:{proxy.port}", code=code, name=name)
        return phone

    async def run(self) -> Report:
        """Runs all scenes."""
        began = time.monotonic()
        log = self.live.log
        log("starting the server and its Postgres")
        await self.server.start()
        tenant = await self.server.create_tenant("Demonstration")
        reader = await self.server.enrol(await self.server.create_code(tenant), "driver")
        if not self.chosen.headless:
            log(f"console: {self.server.url} with the credential {reader}")
        office = await self.phone("office", tenant)
        log(f"the office records {len(self.catalogue.variants)} variants and their opening stock, and sends them")
        ids = await record_catalogue(office, self.catalogue)
        faults = self.faults
        async with faults.during(faults.server(faults.delay(UPLOAD))):
            await self._sync_fully(office)
        workers = [await self.phone(f"phone-{number + 1}", tenant) for number in range(self.chosen.devices)]
        log(f"{len(workers)} phones fetch the catalogue")
        async with faults.during(faults.postgres(faults.delay(FETCH))):
            await asyncio.gather(*(self._sync_fully(phone) for phone in workers))
        await asyncio.gather(*(self._sync_fully(phone) for phone in workers))
        for phone in workers:
            await phone.sync(SYNC_MS)  # a short exchange, so that the server's time is known with little uncertainty
            phone.proxy.set(Line.DOWN)
        log("the network is down; the shift begins")
        shift_began = time.monotonic()
        turns = script.write(self.chosen.seed, self.catalogue, self.chosen.devices)
        shift = Shift(workers, ids, self.shelf, Path(self.chosen.pictures), faults, self._show)
        await shift.run(turns)
        self.report.shift_seconds = round(time.monotonic() - shift_began, 1)
        log("the network is up again")
        heal_began = time.monotonic()
        await self._heal()
        self.report.heal_seconds = round(time.monotonic() - heal_began, 1)
        self.report.seconds = round(time.monotonic() - began, 1)
        await self._compare(shift, ids, reader)
        return self.report

    async def _show(self) -> None:
        self.live.show(self.phones)

    async def _sync_fully(self, phone: Phone) -> None:
        """Syncs until it succeeds: server and device may be killed meanwhile."""
        reason = ""
        for _ in range(MAX_TRIES):
            try:
                result = await phone.sync(SYNC_MS)
            except DeviceGone:
                await phone.start()
                continue
            await self._show()
            if "failed" not in result:
                return
            reason = result["reason"]
            await asyncio.sleep(PAUSE_SECONDS)
        raise RuntimeError(f"{phone.name} could not sync: {reason}")

    async def _heal(self) -> None:
        """Syncs all devices until their outboxes are empty and their cursors are equal."""
        for phone in self.phones:
            phone.proxy.set(Line.UP)
        faults = self.faults
        async with faults.during(
            faults.phone(self.phones, faults.delay(HEAL)), faults.server(faults.delay(HEAL))
        ):
            await asyncio.gather(*(self._sync_fully(phone) for phone in self.phones))
        for _ in range(HEAL_ROUNDS):
            await asyncio.gather(*(self._sync_fully(phone) for phone in self.phones))
            if not any(phone.pending for phone in self.phones) and len({phone.cursor for phone in self.phones}) == 1:
                return
        self.report.differences.append("the outboxes did not drain or the cursors did not meet")

    async def _compare(self, shift: Shift, ids: Ids, reader: str) -> None:
        report, findings = self.report, shift.findings
        report.frames, report.frames_unread = findings.frames, findings.unread
        report.killed = dict(self.faults.killed)
        report.killed_reported, report.killed_recorded = findings.reported, findings.recorded
        report.differences += findings.differences
        report.duplicates = sum(phone.duplicates for phone in self.phones)
        report.cuts = sum(phone.proxy.cuts for phone in self.phones)
        report.bytes_up = sum(phone.proxy.up_bytes for phone in self.phones)
        report.bytes_down = sum(phone.proxy.down_bytes for phone in self.phones)
        report.accepted = max(phone.cursor for phone in self.phones)
        server = await self.server.balances(reader)
        exceptions = await self.server.exceptions(reader)
        for phone in self.phones:
            report.differences += await phone.missing()
            status = await phone.status()
            report.ops += status["seq"]
            rejected = (await phone.ask("rejected"))["rows"]
            report.rejected += len(rejected)
            report.differences += [f"{phone.name}: op {seq} was rejected: {code} {reason}" for seq, code, reason in rejected]
            rows = (await phone.ask("balances"))["rows"]
            balances = {(variant, location, lot): quantity for variant, location, lot, quantity in rows}
            report.differences += differences(f"{phone.name} against the server", balances, server, set())
            shown = sorted((await phone.ask("exceptions"))["rows"])
            if shown != exceptions:
                report.differences.append(f"{phone.name} has other exceptions than the server: {shown}")
        if report.accepted + report.rejected != report.ops:
            report.differences.append(f"{report.ops} ops were recorded and {report.accepted} accepted")
        self._against_shelf(shift, ids, by_name(server, ids), exceptions)

    def _against_shelf(self, shift: Shift, ids: Ids, ledger: dict, exceptions: list) -> None:
        report, shelf = self.report, self.shelf.filled()
        names, indices = ids.location_names(), ids.variant_indices()
        unsure = {(indices.get(variant, -1), names.get(location, ""), lot) for kind, variant, location, lot in exceptions
                  if kind in UNSURE}  # fmt: skip
        report.exceptions = count_kinds(exceptions)
        report.cells = len(set(ledger) | set(shelf))
        report.balances = digest(ledger)
        report.differences += differences("the ledger against the shelf", ledger, shelf, unsure)
        findings = shift.findings
        last = {**findings.counted, **{cell: self.shelf.quantity(cell) for cell in findings.contested}}
        report.counted = [
            (f"{self.catalogue.variants[cell[0]].name} {cell[1]} {cell[2]}".strip(), counted,
             self.shelf.quantity(cell), ledger.get(cell, 0), cell in unsure)
            for cell, counted in sorted(last.items())
        ]  # fmt: skip
        if not report.duplicates:
            report.differences.append("no op was sent twice: the connection cuts had no effect")
        if not report.exceptions.get("count_overlap"):
            report.differences.append("no count overlapped a sale: the contest had no effect")

    async def stop(self) -> None:
        """Stops all processes."""
        for phone in self.phones:
            await phone.stop()
            await phone.proxy.stop()
        await self.server.stop()


async def main() -> int:
    """Runs the demo and returns the exit status."""
    chosen = arguments()
    demo = Demo(chosen)
    try:
        report = await demo.run()
        print(table(report), flush=True)
        if chosen.json:
            chosen.json.write_text(report.as_json() + "\n", encoding="utf-8")
        if not chosen.headless:
            print(f"\nthe server keeps running: {demo.server.url} (stop it with Ctrl-C)", flush=True)
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
        return 0 if report.ok else 1
    except Exception:
        print(demo.server.log_tail() if demo.server.log.exists() else "", file=sys.stderr)
        raise
    finally:
        await demo.stop()


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except KeyboardInterrupt:
        sys.exit(130)
