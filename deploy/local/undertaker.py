"""Kills the process groups that are left when their starter is gone, however it went: even by kill -9.

Runs as a script. Reads `+GROUP` and `-GROUP` lines from its standard input until every writer is gone, which is when
the starter's life ends; then kills what is still listed. Groups, because a web server's workers outlive the server's
own death and a frozen worker (SIGSTOP) would outlive everything.
"""

import contextlib
import os
import signal
import sys


def main() -> None:
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.SIG_IGN)
    left: set[int] = set()
    for line in sys.stdin.buffer:
        (left.add if line.startswith(b"+") else left.discard)(int(line[1:]))
    for group in left:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


main()
