"""What is taken as a picture, and how much of it: told by the bytes alone, never by a name or a declared type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.refusal import Refusal

MEGABYTE = 1024 * 1024

_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"})


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """How much is taken, and how large the copies are that are kept."""

    pictures: int = 6
    """Pictures of one action."""
    picture_bytes: int = 10 * MEGABYTE
    case_bytes: int = 50 * MEGABYTE
    """All pictures of a case, as they were handed in."""
    pixels: int = 60_000_000
    """Width times height, judged before anything is unpacked. A phone's 50 megapixels fit; 200 MB of memory do."""
    longest_side: int = 2560
    """Pixels of the kept copy."""
    small_side: int = 480
    """Pixels of the small copy, for pages."""


LIMITS = PictureLimits()


def format_of(data: bytes) -> str | None:
    """jpeg, png, webp or heic, by the first bytes; None for anything else."""
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        return "heic"
    return None


def refuse_uploads(sizes: Sequence[int], limits: PictureLimits = LIMITS) -> Refusal | None:
    """Why these pictures are not even looked at: none, too many, or one too large, in bytes as handed in."""
    if not sizes:
        return Refusal("no_picture", {"most": limits.pictures})
    if len(sizes) > limits.pictures:
        return Refusal("too_many_pictures", {"given": len(sizes), "most": limits.pictures})
    for position, size in enumerate(sizes, start=1):
        if size > limits.picture_bytes:
            facts = {"position": position, "megabytes": _megabytes(size), "most": _megabytes(limits.picture_bytes)}
            return Refusal("picture_too_large", facts)
    return None


def refuse_full(handed_in: Mapping[str, int], new: Mapping[str, int], limits: PictureLimits = LIMITS) -> Refusal | None:
    """Why a case takes no more: all its pictures, each original counted once, would be too large together.

    Both are original digest -> bytes: what the case has, and what is handed in now.
    """
    total = sum({**handed_in, **new}.values())
    if total <= limits.case_bytes:
        return None
    facts = {"megabytes": _megabytes(total), "most": _megabytes(limits.case_bytes)}
    return Refusal("pictures_of_case_full", facts)


def _megabytes(size: int) -> str:
    """Example: 10485761 bytes -> "10.1": rounded up, so that too much never reads as just enough."""
    tenths = -(-size * 10 // MEGABYTE)
    return f"{tenths // 10}.{tenths % 10}" if tenths % 10 else f"{tenths // 10}"
