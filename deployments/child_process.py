"""Become a program that ends with the process that started it: `python -I child_process.py PARENT PROGRAM ARG…`.

Started by file and isolated, with the standard library only: it runs before every child and costs 20 ms.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Tie this process to its parent, give it ordinary signals, and become the command."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            # The parent ended before it could be tied to.
            sys.exit(1)
    # Shells start background jobs with SIGINT ignored, and a worker stops by SIGINT.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    os.execvp(command[0], command)  # noqa: S606 - a shell is what this must not be


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
