"""The process the warm children are forked from: it has imported the flows and does nothing else.

`python -m deployments.warm_template FD MODULE…`, FD being its end of the worker's channel. It stays single-threaded,
without event loop or connection, so that a fork of it is clean: a new child costs a fork (some 20 ms) and shares its
memory, where a new interpreter costs seconds of import. It ends, and its children with it, when the worker ends.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import traceback
from collections.abc import Iterator, Sequence

from deployments.child_process import PR_SET_PDEATHSIG
from deployments.warm_child import live
from deployments.warm_code import imported_code

THREADS_OF_LIBRARIES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Read when numpy is imported: the template must stay single-threaded, or a fork may copy a held lock."""


def main(channel: socket.socket, names: Sequence[str]) -> None:
    """Import the modules, then fork a child for each end of a channel that the worker sends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with _single_threaded():
        for name in names:
            _import(name)
    gc.collect()
    gc.freeze()
    _say(channel, imported=imported_code())
    end = _serve(channel)
    if end is not None:
        live(end)


@contextlib.contextmanager
def _single_threaded() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in THREADS_OF_LIBRARIES}
    os.environ.update(dict.fromkeys(THREADS_OF_LIBRARIES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _import(name: str) -> None:
    """Import ahead; what cannot be imported now is told to the run that needs it."""
    try:
        importlib.import_module(name)
    except Exception:
        print(f"{name} cannot be imported ahead; a run of it will say why:", file=sys.stderr)
        traceback.print_exc()


def _serve(channel: socket.socket) -> socket.socket | None:
    """Fork on demand and tell of deaths; returns the child's end of its channel in the child, None in the template."""
    woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    template = os.getpid()
    while True:
        ready, _, _ = select.select([channel.fileno(), woken], [], [])
        if woken in ready:
            os.read(woken, 1 << 10)
            _tell_deaths(channel)
        if channel.fileno() in ready:
            asked, ends, _, _ = socket.recv_fds(channel, 1, 1)
            if not asked:
                return None
            process = os.fork()
            if process == 0:
                _become_child(template)
                for used in (woken, wake, channel.detach()):
                    os.close(used)
                return socket.socket(fileno=ends[0])
            os.close(ends[0])
            _say(channel, forked=process)


def _become_child(template: int) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != template:
            os._exit(1)


def _tell_deaths(channel: socket.socket) -> None:
    while True:
        try:
            process, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if process == 0:
            return
        _say(channel, died=process, code=os.waitstatus_to_exitcode(status))


def _say(channel: socket.socket, **message: object) -> None:
    with contextlib.suppress(OSError):
        channel.sendall(json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
