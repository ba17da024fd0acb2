"""Pictures to test with: scenes as busy as photographs, made anew each time, in every format that is taken."""

import base64
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from models.picture_rules import format_of
from tasks.picture_decoding import read_picture
from tasks.picture_frames import ReadPicture
from tasks.picture_store import StoredPicture

CAMERA = b"SECRETCAM"
"""What the EXIF of a picture with EXIF says of its maker."""

# Made for these tests: 48 x 64 pixels upright, stored lying and with a turn; EXIF with CAMERA and a position. Its
# quarters are red and green above, blue and red below.
HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAchtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAADRpbG9jAAAA"
    "AERAAAIAAQAAAAAB7AABAAAAAAAAAE0AAgAAAAACOQABAAAAAAAAAHwAAAA4aWluZgAAAAAAAgAAABVpbmZlAgAAAAABAABodmMxAAAAABVpbmZl"
    "AgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAABB2lwcnAAAADmaXBjbwAAAHZodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH/"
    "/wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29s"
    "cm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xhcAAAAEAAAAABAAAAMAAAAAEAAAAAAAAAAv////AAAAACAAAAEHBpeGkAAAAA"
    "AwgICAAAAAlpcm90AwAAABlpcG1hAAAAAAAAAAEAAQaBAgMFhIYAAAAaaXJlZgAAAAAAAAAOY2RzYwACAAEAAQAAANFtZGF0AAAASSgBr1j5Et3/"
    "iD/1e/9njLxy6V/WUM2c6RiQML/2nLnzsljtaFv/rExUTHph41VRCVLe3p2MvjLiqMLhrRLMHauf/Bp129iV7YQAAAAGRXhpZgAATU0AKgAAAAgA"
    "AwEPAAIAAAAKAAAAMgESAAMAAAABAAYAAIglAAQAAAABAAAAPAAAAABTRUNSRVRDQU0AAAIAAQACAAAAAk4AAAAAAgAFAAAAAwAAAFoAAAAAAAAA"
    "IgAAAAEAAAAXAAAAAQAAAC0AAAAB"
)

HOSTILE_HEIC = HEIC[:176] + b"\xc5" + HEIC[177:]
"""One byte is altered: the reader of HEIC (pi-heif 1.4.0, libheif 1.23.0) dies of it, and its process with it."""


def a_scene(seed: int, width: int = 640, height: int = 480) -> Image.Image:
    """A picture with the mixture of coarse and fine that photographs have, another one for each seed."""
    random = np.random.default_rng(seed)
    across, down = np.fft.fftfreq(width)[None, :], np.fft.fftfreq(height)[:, None]
    fineness = np.hypot(across, down)
    fineness[0, 0] = 1
    waves = np.fft.fft2(random.normal(size=(height, width))) / fineness**1.3
    waves[0, 0] = 0
    grey = np.fft.ifft2(waves).real
    levels = np.clip(grey / grey.std() * 45 + 125, 0, 255)
    colours = np.stack([levels, np.clip(levels * 1.1, 0, 255), levels * 0.8], axis=-1)
    return Image.fromarray(colours.astype(np.uint8))


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    """The bytes of a picture as a camera or phone would send them."""
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def decoded(data: bytes) -> Image.Image:
    """The picture in some bytes, read to its end."""
    image = Image.open(BytesIO(data))
    image.load()
    return image


def a_read_picture(data: bytes) -> ReadPicture:
    """A picture read here, without the process of its own; only for bytes that are known to be harmless."""
    read = read_picture(data)
    if not isinstance(read, ReadPicture):
        raise ValueError(f"{format_of(data)} of {len(data)} bytes: {read}")
    return read


def a_stored_picture(name: str = "a", *, likeness: int | None = None, size: int = 1000) -> StoredPicture:
    """A picture whose files nobody looks for; its digests are made of its name."""
    digest = name.encode().hex().rjust(64, "0")
    return StoredPicture(
        original_sha256=digest,
        original_bytes=size,
        original_format="jpeg",
        sha256=f"f{digest[1:]}",
        bytes=size,
        small_sha256=f"e{digest[1:]}",
        width=640,
        height=480,
        likeness=likeness,
    )
