"""Bytes that somebody calls a picture, judged by what they hold, and turned into pictures that hold nothing else.

What is kept is encoded anew from the pixels: position, camera, comments, thumbnails and whatever else was packed into
or behind the file do not come along. `tasks/picture_reading.py` runs this module as a process of its own.
"""

import resource
import struct
import sys
import warnings
import zlib
from collections.abc import Callable, Mapping
from hashlib import sha256
from io import BytesIO

from pi_heif import HeifImageFile
from PIL import Image, ImageFile

from models.picture_likeness import GREY_SIDE, likeness_of
from models.picture_rules import LIMITS, PictureLimits, format_of
from models.refusal import Refusal
from tasks.picture_frames import ReadPicture, read_order, write_answer

_ORIENTATION_TAG = 0x0112

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns a picture upright whose camera was held as the EXIF orientation says."""

# Broken and hostile files make the decoders raise nearly anything; each of these was seen or stands in their code.
_BROKEN = (
    *(OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, RuntimeError, MemoryError),
    *(struct.error, zlib.error, Image.DecompressionBombError),
)

_MOST_MEMORY_BYTES = 2 << 30
_MOST_CPU_SECONDS = 50

_FULL_QUALITY = 85
_SMALL_QUALITY = 80


def read_picture(data: bytes, limits: PictureLimits = LIMITS, position: int = 1) -> ReadPicture | Refusal:
    """One picture, upright and without anything but its pixels, or why it is none; `position` is what to call it."""
    kind = format_of(data)
    if kind is None:
        return Refusal("not_a_picture", {"position": position})
    try:
        image = _OPENERS[kind](BytesIO(data))
        if _too_many_pixels(image, limits):
            return _refuse_pixels(image, position, limits)
        pixels = _bounded(image, limits)
    except Image.DecompressionBombError:
        return Refusal("picture_too_many_pixels", {"position": position, "most": limits.pixels // 1_000_000})
    except _BROKEN:
        return Refusal("picture_damaged", {"position": position, "format": kind})
    return _kept(data, kind, pixels, limits)


def _opener(name: str) -> Callable[[BytesIO], Image.Image]:
    # No other decoder of Pillow is ever asked, whatever the bytes pretend to be.
    return lambda file: Image.open(file, formats=[name])


def _open_heic(file: BytesIO) -> Image.Image:
    image: ImageFile.ImageFile = HeifImageFile(file)
    return image


_OPENERS: Mapping[str, Callable[[BytesIO], Image.Image]] = {
    **{"jpeg": _opener("JPEG"), "png": _opener("PNG"), "webp": _opener("WEBP")},
    "heic": _open_heic,
}


def _too_many_pixels(image: Image.Image, limits: PictureLimits) -> bool:
    return image.width * image.height > limits.pixels


def _refuse_pixels(image: Image.Image, position: int, limits: PictureLimits) -> Refusal:
    facts = {"position": position, "width": image.width, "height": image.height}
    return Refusal("picture_too_many_pixels", {**facts, "most": limits.pixels // 1_000_000})


def _bounded(image: Image.Image, limits: PictureLimits) -> Image.Image:
    """The first frame in red, green and blue, no larger than the kept copy, upright."""
    orientation = _orientation(image)
    # A JPEG is unpacked at a half, quarter or eighth where that is still large enough.
    image.draft(None, (limits.longest_side, limits.longest_side))
    image.load()
    if image.mode.startswith("I"):
        # Of 16 bits Pillow would keep the lowest eight, which are noise, and call the rest white.
        image = image.point(lambda level: level * (1 / 256)).convert("L")
    mode = "RGBA" if image.has_transparency_data else "RGB"
    # Palette, grey, CMYK, 16 bit: whatever the colours were.
    pixels = image if image.mode == mode else image.convert(mode)
    pixels.thumbnail((limits.longest_side, limits.longest_side), Image.Resampling.HAMMING, reducing_gap=2.0)
    pixels = _opaque(pixels)
    turn = _UPRIGHT.get(orientation) if isinstance(orientation, int) else None
    return pixels if turn is None else pixels.transpose(turn)


def _orientation(image: Image.Image) -> object:
    """How the camera was held; EXIF that cannot be read tells nothing and spoils no picture."""
    try:
        return image.getexif().get(_ORIENTATION_TAG)
    except _BROKEN:
        return None


def _opaque(pixels: Image.Image) -> Image.Image:
    """The picture on white where it is transparent."""
    if pixels.mode == "RGB":
        return pixels
    ground = Image.new("RGB", pixels.size, "white")
    ground.paste(pixels, mask=pixels.getchannel("A"))
    return ground


def _kept(data: bytes, kind: str, pixels: Image.Image, limits: PictureLimits) -> ReadPicture:
    small = pixels.copy()
    small.thumbnail((limits.small_side, limits.small_side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    greys = small.convert("L").resize((GREY_SIDE, GREY_SIDE), Image.Resampling.LANCZOS).tobytes()
    return ReadPicture(
        original_sha256=sha256(data).hexdigest(),
        original_bytes=len(data),
        original_format=kind,
        width=pixels.width,
        height=pixels.height,
        likeness=likeness_of(greys),
        full=_as_jpeg(pixels, _FULL_QUALITY),
        small=_as_jpeg(small, _SMALL_QUALITY),
    )


def _as_jpeg(pixels: Image.Image, quality: int) -> bytes:
    # Pillow would write a comment of the original again: it is handed on in `info`.
    pixels.info.clear()
    file = BytesIO()
    pixels.save(file, "JPEG", quality=quality)
    return file.getvalue()


def _main() -> None:
    """Read an order from standard input, and answer file by file, so that it is known which one ended the process."""
    limits, uploads = read_order(sys.stdin.buffer)
    _bound_this_process()
    for position, data in enumerate(uploads, start=1):
        sys.stdout.buffer.write(write_answer(read_picture(data, limits, position)))
        sys.stdout.buffer.flush()


def _bound_this_process() -> None:
    """Little memory, little time and no file for whatever a decoder is made to do; no core, for it holds pictures."""
    most = {
        resource.RLIMIT_AS: _MOST_MEMORY_BYTES,
        resource.RLIMIT_CPU: _MOST_CPU_SECONDS,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    for what, bound in most.items():
        allowed = resource.getrlimit(what)[1]
        bound = bound if allowed == resource.RLIM_INFINITY else min(bound, allowed)
        resource.setrlimit(what, (bound, bound))


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # Pillow warns of what it finds odd; the answer says what matters
    _main()
