"""Uploads become pictures, in a process of their own: decoders are written in C, and a hostile file may end one.

The reader of HEIC, for example, dies of a few altered bytes; an own process with a bound on memory and time costs that
file its place and the program nothing.
"""

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from hashlib import sha256

from models.picture_rules import LIMITS, PictureLimits, format_of, refuse_full, refuse_uploads
from models.refusal import Refusal
from tasks.picture_frames import ReadPicture, read_answers, write_order

PATIENCE_SECONDS = 60.0
"""How long the pictures of one action may take; six of fifty megapixels take ten seconds."""

Room = AbstractContextManager[object]
"""What is held while pictures are decoded."""

logger = logging.getLogger(__name__)


class PictureReaderBroken(Exception):
    """The process that decodes pictures does not run on this machine."""


def room_to_decode(processes: int = 1) -> Room:
    """Room for as many pictures at once as one of so many processes may decode.

    More than one for each processor would be no faster, and each may need a gigabyte for a moment.
    """
    return threading.BoundedSemaphore(max(1, (os.cpu_count() or 1) // processes))


_ALONE = room_to_decode()


def read_pictures(
    uploads: Sequence[bytes],
    handed_in: Mapping[str, int],
    limits: PictureLimits = LIMITS,
    patience_seconds: float = PATIENCE_SECONDS,
    *,
    room: Room = _ALONE,
) -> tuple[ReadPicture, ...] | Refusal:
    """The pictures of one action, or why they are not taken; one that is handed in twice at once is one picture.

    `handed_in` is what the case has already (`tasks.pictures.handed_in`): a full case costs no decoding.
    Waits a tenth of a second for the process to start, and a quarter for each picture of twelve megapixels.
    Raises: PictureReaderBroken.
    """
    refusal = refuse_uploads([len(data) for data in uploads], limits)
    if refusal:
        return refusal
    for position, data in enumerate(uploads, start=1):
        if format_of(data) is None:
            return Refusal("not_a_picture", {"position": position})
    refusal = refuse_full(handed_in, {sha256(data).hexdigest(): len(data) for data in uploads}, limits)
    if refusal:
        return refusal
    with room:
        return _decoded(uploads, limits, patience_seconds)


def _decoded(
    uploads: Sequence[bytes], limits: PictureLimits, patience_seconds: float
) -> tuple[ReadPicture, ...] | Refusal:
    output, ended = _run_decoder(write_order(limits, uploads), patience_seconds)
    read: dict[str, ReadPicture] = {}
    answers = read_answers(output)
    for answer in answers:
        if isinstance(answer, Refusal):
            return answer
        read[answer.original_sha256] = answer
    if len(answers) == len(uploads):
        return tuple(read.values())
    guilty = uploads[len(answers)]
    logger.warning(
        "A picture of %d bytes ended the process that decodes pictures (%s); its SHA-256 is %s.",
        *(len(guilty), ended, sha256(guilty).hexdigest()),
        extra={"action": "picture_ended_reader"},
    )
    return Refusal("picture_damaged", {"position": len(answers) + 1, "format": format_of(guilty)})


def _run_decoder(order: bytes, patience_seconds: float) -> tuple[bytes, str]:
    """What the process said, and how it ended.

    Raises: PictureReaderBroken where it ended by itself with an error: that is our fault, not a picture's.
    """
    # -P: a folder called tasks in the present one is not taken for ours.
    command = [sys.executable, "-P", "-m", "tasks.picture_decoding"]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, input=order, capture_output=True, timeout=patience_seconds, env=_environment(), check=False
        )
    except subprocess.TimeoutExpired as late:
        return late.output or b"", f"no answer within {patience_seconds:g} s"
    if done.returncode > 0:
        # Only the kind of the error: its text might quote what the picture holds.
        last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2].partition(":")[0]
        raise PictureReaderBroken(
            f"The process that decodes pictures ended with code {done.returncode} ({last}). See that Pillow and "
            "pi-heif are installed as requirements.lock says."
        )
    return done.stdout, signal.Signals(-done.returncode).name if done.returncode else "ended early"


def _environment() -> dict[str, str]:
    """What the process needs to find its modules, and none of this program's secrets."""
    return {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ} | {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)
    }
