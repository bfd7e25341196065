"""`make demo`: everything on this machine, the story in the terminal, then the platform stays up until Ctrl-C."""

import argparse
import json
import signal
import sys
import textwrap
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from deploy.local.desk import Desk, Refusal
from deploy.local.faults import LocalFault
from deploy.local.installation import REPOSITORY, Ports
from deploy.local.platform import Platform
from deploy.local.story import Clinic, Story, open_clinic
from deploy.local.story_stage import StoryBroken
from shared.clock import SimulatedClock

FOLDER: Final = REPOSITORY / ".data" / "demo"
STYLE: Final = {"step": "\033[1m", "sms": "\033[36m", "email": "\033[36m", "mail": "\033[36m", "page": "\033[32m"}
PLAIN: Final = "\033[0m"


class Terminal:
    """Tells a person what happens, with the seconds since the start."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._coloured = sys.stdout.isatty()
        self._lock = threading.Lock()
        self._clock = ""

    def seconds(self) -> float:
        return time.monotonic() - self._began

    def tell(self, kind: str, text: str) -> None:
        """One piece of news, behind the simulated time that it has."""
        if kind == "clock":
            self._clock = text
            return
        first, *rest = [wrapped for line in text.splitlines() for wrapped in textwrap.wrap(line, 96) or [""]]
        begin, end = (STYLE.get(kind, ""), PLAIN) if self._coloured else ("", "")
        with self._lock:
            print(f"{self.seconds():6.1f} s  {self._clock:<17}{kind:<9} {begin}{first}{end}", flush=True)
            for line in rest:
                print(f"{'':37}{begin}{line}{end}", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo. Exit status 0 only if every step of the story happened."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--exit", action="store_true", help="end after the story")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where data, secrets, mail and logs are kept")
    parser.add_argument("--free-ports", action="store_true", help="any free ports instead of the usual ones")
    given = parser.parse_args(arguments)
    # Said for SIGINT as well: a shell's background job would ignore it.
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, _interrupt)
    try:
        return _run(given.folder, Ports.free() if given.free_ports else Ports.fixed(), ends=given.exit)
    except LocalFault as fault:
        print(f"\nkadence: {fault.message}\n  mend: {fault.mend}", file=sys.stderr)
        if fault.log:
            print(textwrap.indent(fault.log, "  | "), file=sys.stderr)
        return 1
    except (StoryBroken, Refusal) as broken:
        print(f"\nkadence: the story broke off: {broken}\n  logs: {given.folder}/logs", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped")
        return 130


def _run(folder: Path, ports: Ports, *, ends: bool) -> int:
    terminal = Terminal()
    platform = Platform(folder, ports=ports, tell=terminal.tell)
    with platform:
        started = terminal.seconds()
        clinic = _clinic(platform, folder)
        clock = SimulatedClock(platform.installation.clock_file)
        Story(platform.url, clinic, clock, platform.installation.mail_folder, terminal.tell).play()
        told = terminal.seconds() - started
        print(f"\nEvery step happened: servers and services up in {started:.1f} s, the story took {told:.1f} s.")
        if not ends:
            platform.supervise()
            _show_around(platform, clinic)
            with suppress(KeyboardInterrupt):
                threading.Event().wait()
            print("\nstopping")
    return 0


def _clinic(platform: Platform, folder: Path) -> Clinic:
    """The clinic of the first start, as long as its data are there."""
    kept = folder / "clinic.json"
    if kept.exists():
        clinic = Clinic(**json.loads(kept.read_text()))
        if _is_known(platform, clinic):
            return clinic
    clinic = open_clinic(platform.url, platform.platform_key)
    kept.touch(mode=0o600)
    kept.write_text(json.dumps(vars(clinic)))
    return clinic


def _is_known(platform: Platform, clinic: Clinic) -> bool:
    try:
        Desk(platform.url, clinic.key).get(f"/booking/v1/clinics/{clinic.id}")
    except Refusal:
        return False
    return True


def _show_around(platform: Platform, clinic: Clinic) -> None:
    url = platform.url
    print(
        f"""
The platform is up; Ctrl-C stops it and leaves nothing running.

  base URL     {url}
  access key   {clinic.key}
  API pages    {url}/booking/docs/  {url}/followup/docs/  {url}/notify/docs/
  mail         {platform.installation.mail_folder}
  logs         {platform.installation.folder / "logs"}

  curl -s {url}/notify/v1/clinics/{clinic.id}/messages?limit=3 \\
    -H 'Authorization: Bearer {clinic.key}'
""",
        flush=True,
    )


def _interrupt(*_: object) -> None:
    """Ctrl-C and SIGTERM end the demo in the same orderly way."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
