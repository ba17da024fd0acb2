"""Pictures are judged by their bytes, and what is kept of them is pixels and nothing else."""

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from models.picture_rules import PictureLimits
from models.refusal import Refusal
from tasks.picture_decoding import read_picture
from tasks.picture_frames import ReadPicture
from tests.pictures import CAMERA, HEIC, a_read_picture, a_scene, decoded, encoded

RED, GREEN, BLUE = (200, 40, 40), (30, 160, 60), (40, 60, 200)


def quarters(*, width: int = 80, height: int = 60) -> Image.Image:
    """Green top left, blue bottom right, red elsewhere."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(GREEN, (0, 0, width // 2, height // 2))
    image.paste(BLUE, (width // 2, height // 2, width, height))
    return image


def corners(data: bytes) -> list[str]:
    """The colours in the middle of each quarter: top left, top right, bottom left, bottom right."""
    image = decoded(data)
    near, far = (image.width // 4, image.height // 4), (3 * image.width // 4, 3 * image.height // 4)
    places = [(near[0], near[1]), (far[0], near[1]), (near[0], far[1]), (far[0], far[1])]
    return [named(image.getpixel(place)) for place in places]


def named(pixel: object) -> str:
    assert isinstance(pixel, tuple)
    known = {"red": RED, "green": GREEN, "blue": BLUE, "white": (255, 255, 255)}
    near = [name for name, colour in known.items() if max(abs(a - b) for a, b in zip(pixel, colour, strict=True)) < 40]
    return near[0] if near else str(pixel)


def with_exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, CAMERA.decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (34.0, 23.0, 45.0), 3: "E", 4: (113.0, 44.0, 24.0)})
    return exif


def refused(data: bytes, limits: PictureLimits | None = None) -> str:
    answer = read_picture(data, limits or PictureLimits())
    assert isinstance(answer, Refusal)
    return answer.code


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_each_format_is_kept_as_a_full_and_a_small_jpeg(kind: str) -> None:
    read = a_read_picture(encoded(quarters(width=1200, height=900), kind))
    assert read.original_format == kind.lower()
    assert (read.width, read.height) == decoded(read.full).size == (1200, 900)
    assert decoded(read.small).size == (480, 360)
    assert corners(read.full) == corners(read.small) == ["green", "red", "red", "blue"]
    assert {decoded(copy).format for copy in (read.full, read.small)} == {"JPEG"}


def test_a_heic_is_kept_upright_and_without_its_exif() -> None:
    read = a_read_picture(HEIC)
    assert (read.original_format, read.width, read.height) == ("heic", 48, 64)
    assert corners(read.full) == ["red", "green", "blue", "red"]
    assert CAMERA in HEIC
    assert CAMERA not in read.full + read.small


def test_a_large_picture_is_made_smaller_and_a_small_one_is_not_made_larger() -> None:
    large = a_read_picture(encoded(quarters(width=5200, height=1300)))
    assert (large.width, large.height) == (2560, 640)
    tiny = a_read_picture(encoded(quarters(width=20, height=10)))
    assert decoded(tiny.full).size == decoded(tiny.small).size == (20, 10)
    thread = a_read_picture(encoded(Image.new("RGB", (20_000, 1)), "PNG"))
    assert decoded(thread.full).size == (2560, 1)


@pytest.mark.parametrize(
    ("orientation", "seen"),
    [
        (1, ["green", "red", "red", "blue"]),
        (2, ["red", "green", "blue", "red"]),
        (3, ["blue", "red", "red", "green"]),
        (4, ["red", "blue", "green", "red"]),
        (5, ["green", "red", "red", "blue"]),
        (6, ["red", "green", "blue", "red"]),
        (7, ["blue", "red", "red", "green"]),
        (8, ["red", "blue", "green", "red"]),
        (9, ["green", "red", "red", "blue"]),
    ],
)
def test_a_picture_stands_upright_however_the_camera_was_held(orientation: int, seen: list[str]) -> None:
    read = a_read_picture(encoded(quarters(), exif=with_exif(orientation)))
    assert corners(read.full) == corners(read.small) == seen
    assert (read.width, read.height) == ((60, 80) if orientation in (5, 6, 7, 8) else (80, 60))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_neither_position_nor_camera_nor_anything_else_that_is_no_pixel_is_kept(kind: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", CAMERA.decode())
    own: dict[str, dict[str, Any]] = {
        "JPEG": {"comment": CAMERA, "xmp": CAMERA},
        "PNG": {"pnginfo": texts},
        "WEBP": {"xmp": CAMERA},
    }
    data = encoded(quarters(), kind, exif=with_exif(1), icc_profile=profile, **own[kind])
    assert data.count(CAMERA) >= 2
    read = a_read_picture(data)
    for copy in (read.full, read.small):
        assert CAMERA not in copy
        image = decoded(copy)
        assert set(image.info) == {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert not image.getexif()


@pytest.mark.parametrize(
    "tail", [b"PK\x03\x04 an archive", b"<script>alert(1)</script>", b"\x00" * 5000, b"%PDF-1.7 a document"]
)
def test_what_was_packed_behind_a_picture_is_not_kept(tail: bytes) -> None:
    picture = encoded(quarters())
    read = a_read_picture(picture + tail)
    assert read.full == a_read_picture(picture).full
    assert read.original_sha256 != a_read_picture(picture).original_sha256


@pytest.mark.parametrize(
    ("mode", "kind"), [("L", "PNG"), ("1", "PNG"), ("P", "PNG"), ("LA", "PNG"), ("CMYK", "JPEG"), ("L", "JPEG")]
)
def test_grey_palette_and_print_colours_are_read(mode: str, kind: str) -> None:
    read = a_read_picture(encoded(quarters().convert(mode), kind))
    assert decoded(read.full).mode == "RGB"
    if mode in ("P", "CMYK"):
        assert corners(read.full) == ["green", "red", "red", "blue"]


def test_sixteen_bits_a_pixel_keep_their_shades() -> None:
    slope = np.linspace(0, 65535, 256 * 64).reshape(64, 256).astype(np.uint16)
    shades = np.asarray(decoded(a_read_picture(encoded(Image.fromarray(slope), "PNG")).full).convert("L"))
    assert shades[0].mean() < 10
    assert abs(float(shades[32].mean()) - 128) < 6
    assert shades[-1].mean() > 245


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_is_transparent_becomes_white(kind: str) -> None:
    image = quarters().convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 40, 30))
    assert corners(a_read_picture(encoded(image, kind, lossless=True)).full) == ["white", "red", "red", "blue"]


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_a_moving_picture_the_first_frame_is_kept(kind: str) -> None:
    frames = [quarters(), Image.new("RGB", (80, 60), BLUE), Image.new("RGB", (80, 60), RED)]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
    assert getattr(Image.open(BytesIO(data)), "n_frames", 1) == 3
    assert corners(a_read_picture(data).full) == ["green", "red", "red", "blue"]


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "ICO", "PPM"])
def test_a_picture_of_another_format_is_refused(kind: str) -> None:
    assert refused(encoded(quarters(), kind)) == "not_a_picture"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_a_file_that_broke_off_is_refused(kind: str, share: float) -> None:
    data = encoded(a_scene(1, 160, 120), kind)
    assert refused(data[: max(12, int(len(data) * share))]) == "picture_damaged"


@pytest.mark.parametrize(
    "start", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x10\x00\x00\x00WEBP", b"\x00\x00\x00\x18ftypheic"]
)
@pytest.mark.parametrize("rest", [b"", b"\x00" * 100, b"<script>alert(1)</script>" * 10])
def test_a_file_that_only_begins_like_a_picture_is_refused(start: bytes, rest: bytes) -> None:
    assert refused(start + rest) == "picture_damaged"


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


@pytest.mark.parametrize(("width", "height"), [(10_000, 6_001), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_a_picture_with_too_many_pixels_is_refused_before_it_is_unpacked(width: int, height: int) -> None:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    # No pixel follows: were it unpacked, it would be damaged.
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    assert refused(bomb) == "picture_too_many_pixels"


def test_the_bound_on_pixels_is_reached_and_not_passed() -> None:
    data = encoded(quarters())
    assert isinstance(read_picture(data, PictureLimits(pixels=4800)), ReadPicture)
    answer = read_picture(data, PictureLimits(pixels=4799), position=4)
    assert answer == Refusal("picture_too_many_pixels", {"position": 4, "width": 80, "height": 60, "most": 0})


def test_a_text_that_unpacks_to_gigabytes_is_refused() -> None:
    text = b"Comment\x00\x00" + zlib.compress(b"\x00" * 80_000_000)
    whole = encoded(quarters(), "PNG")
    assert refused(whole[:33] + chunk(b"zTXt", text) + whole[33:]) == "picture_damaged"


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_exif_that_cannot_be_read_spoils_no_picture() -> None:
    data = encoded(quarters(), exif=b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff" + b"\xff" * 40)
    assert corners(a_read_picture(data).full) == ["green", "red", "red", "blue"]


def test_the_same_bytes_give_the_same_copies() -> None:
    data = encoded(a_scene(2))
    assert a_read_picture(data) == a_read_picture(data)


def test_a_picture_is_shown_in_no_log_and_no_error() -> None:
    shown = repr(a_read_picture(encoded(quarters())))
    assert "full" not in shown
    assert len(shown) < 400
