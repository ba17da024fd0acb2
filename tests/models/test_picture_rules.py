"""What is taken as a picture, and how much of it."""

from pathlib import Path
from re import findall

import pytest

import models.picture_rules
import tasks.picture_decoding
import tasks.picture_reading
from models.picture_rules import MEGABYTE, PictureLimits, format_of, refuse_full, refuse_uploads
from models.refusal import Refusal
from tasks.refusals import refusal_codes, render_refusal

LARGEST = 10 * MEGABYTE


@pytest.mark.parametrize(
    ("sizes", "refusal"),
    [
        ([], Refusal("no_picture", {"most": 6})),
        ([1], None),
        ([LARGEST] * 5, None),
        ([1] * 6, None),
        ([1] * 7, Refusal("too_many_pictures", {"given": 7, "most": 6})),
        ([1, LARGEST + 1], Refusal("picture_too_large", {"position": 2, "megabytes": "10.1", "most": "10"})),
    ],
)
def test_one_to_six_pictures_of_ten_megabytes_are_looked_at(sizes: list[int], refusal: Refusal | None) -> None:
    assert refuse_uploads(sizes) == refusal


@pytest.mark.parametrize(
    ("known", "new", "total"),
    [
        ({}, {"a": 50 * MEGABYTE}, None),
        ({"a": 45 * MEGABYTE}, {"b": 5 * MEGABYTE}, None),
        ({"a": 45 * MEGABYTE}, {"a": 45 * MEGABYTE, "b": 5 * MEGABYTE}, None),
        ({"a": 45 * MEGABYTE}, {"b": 5 * MEGABYTE + 1}, "50.1"),
        ({"a": 45 * MEGABYTE}, {"b": 5 * MEGABYTE, "c": 2 * MEGABYTE}, "52"),
    ],
)
def test_a_case_has_room_for_fifty_megabytes_and_counts_each_original_once(
    known: dict[str, int], new: dict[str, int], total: str | None
) -> None:
    refusal = Refusal("pictures_of_case_full", {"megabytes": total, "most": "50"}) if total else None
    assert refuse_full(known, new) == refusal


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "jpeg"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "webp"),
        (b"\x00\x00\x00\x18ftypheic", "heic"),
        (b"\x00\x00\x00\x18ftypmif1", "heic"),
        (b"\x00\x00\x00\x18ftypavif", None),
        (b"\x00\x00\x00\x18ftypmp42", None),
        (b"RIFF\x10\x00\x00\x00WAVEfmt ", None),
        (b"GIF89a", None),
        (b"BM", None),
        (b"II*\x00", None),
        (b"%PDF-1.7", None),
        (b"PK\x03\x04", None),
        (b'<svg xmlns="http://www.w3.org/2000/svg">', None),
        (b"<html>", None),
        (b" \xff\xd8\xff", None),
        (b"", None),
    ],
)
def test_the_first_bytes_alone_tell_what_a_file_is(start: bytes, kind: str | None) -> None:
    assert format_of(start) == kind


def test_every_refusal_of_a_picture_has_a_sentence() -> None:
    files = [module.__file__ for module in (models.picture_rules, tasks.picture_reading, tasks.picture_decoding)]
    codes = {code for file in files if file for code in findall(r'Refusal\(\s*"(\w+)"', Path(file).read_text("utf-8"))}
    assert len(codes) == 7
    assert codes <= refusal_codes()


@pytest.mark.parametrize(
    ("refusal", "zh", "en"),
    [
        (
            refuse_uploads([3, 12_000_000]),
            "第2张图片有11.5兆字节，超过10兆字节的上限。请缩小后再提交。",
            "Picture 2 is too large (11.5 MB); up to 10 MB are taken. Make it smaller and send it again.",
        ),
        (
            refuse_uploads([1] * 8),
            "一次最多提交6张图片，收到8张。请减少后再提交。",
            "8 pictures came, 6 are taken at a time. Choose fewer and send it again.",
        ),
        (
            refuse_uploads([]),
            "没有收到图片。请选择图片（最多6张）后再提交。",
            "No picture came with it. Choose up to 6 pictures and send it again.",
        ),
        (
            refuse_full({}, {"a": MEGABYTE + 1}, PictureLimits(case_bytes=MEGABYTE)),
            "本案图片合计将达1.1兆字节，超过1兆字节的上限。请减少或缩小图片后再提交。",
            "The pictures of this case would come to more than the 1 MB it may have (1.1 MB). "
            "Send fewer or smaller ones.",
        ),
        (
            Refusal("picture_too_many_pixels", {"position": 1, "width": 9000, "height": 7000, "most": 60}),
            "第1张图片尺寸过大（9000×7000像素），最多6000万像素。请缩小后再提交。",
            "Picture 1 has too many pixels (9000 x 7000); up to 60 million are taken. "
            "Make it smaller and send it again.",
        ),
        (
            Refusal("picture_damaged", {"position": 3, "format": "heic"}),
            "第3张图片已损坏或不完整，无法打开。请重新拍摄或重新选择后再提交。",
            "Picture 3 is damaged or incomplete and cannot be opened. Take or choose it anew and send it again.",
        ),
        (
            Refusal("not_a_picture", {"position": 1}),
            "第1个文件不是可用的图片。请提交 JPEG、PNG、WebP 或 HEIC 图片。",
            "File 1 is no picture that can be used. Send a JPEG, PNG, WebP or HEIC picture.",
        ),
    ],
)
def test_a_refusal_of_a_picture_says_which_why_and_what_to_do(refusal: Refusal, zh: str, en: str) -> None:
    assert render_refusal(refusal.code, refusal.facts, "zh") == zh
    assert render_refusal(refusal.code, refusal.facts, "en") == en
