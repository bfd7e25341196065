"""Runs in a fresh child, as a script: report the process group to the undertaker, then become the program.

Usage: leash.py FD PROGRAM [ARGUMENT...], FD being an inherited end of the undertaker's pipe. The child reports itself,
before it becomes the program: so there is no instant at which the program runs unreported, even if the parent is
killed half-way. Standard library only, and nothing of this package: it must start in milliseconds.
"""

import os
import sys


def main() -> None:
    undertaker, program = int(sys.argv[1]), sys.argv[2:]
    os.write(undertaker, b"+%d\n" % os.getpid())
    # Not kept by the program: the undertaker's pipe must close when the parent is gone.
    os.set_inheritable(undertaker, False)
    os.execvp(program[0], program)  # noqa: S606 - no shell is what is wanted


main()
