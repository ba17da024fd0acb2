"""Pictures are decoded in a process of their own, which a hostile file may end and nothing else."""

import logging
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from models.picture_rules import MEGABYTE, PictureLimits
from models.refusal import Refusal
from tasks.picture_frames import ReadPicture, read_answers, write_answer
from tasks.picture_reading import PictureReaderBroken, read_pictures
from tests.pictures import HEIC, HOSTILE_HEIC, a_read_picture, a_scene, decoded, encoded


def test_several_pictures_come_back_in_their_order_as_they_would_be_read_here() -> None:
    uploads = [encoded(a_scene(1, 160, 120)), HEIC, encoded(a_scene(2, 160, 120), "WEBP")]
    assert read_pictures(uploads, {}) == tuple(a_read_picture(data) for data in uploads)


def test_a_picture_chosen_twice_is_one_picture() -> None:
    data = encoded(a_scene(1, 160, 120))
    read = read_pictures([data, HEIC, data], {})
    assert isinstance(read, tuple)
    assert [picture.original_format for picture in read] == ["jpeg", "heic"]


def test_a_file_that_ends_the_process_is_refused_by_its_place_and_named_by_its_digest_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = read_pictures([HEIC, HOSTILE_HEIC, HEIC], {})
    assert answer == Refusal("picture_damaged", {"position": 2, "format": "heic"})
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == [
        f"A picture of {len(HOSTILE_HEIC)} bytes ended the process that decodes pictures (SIGSEGV); "
        f"its SHA-256 is {sha256(HOSTILE_HEIC).hexdigest()}."
    ]
    assert isinstance(read_pictures([HEIC], {}), tuple)


def test_a_picture_that_takes_too_long_is_refused() -> None:
    answer = read_pictures([HEIC], {}, patience_seconds=0.0)
    assert answer == Refusal("picture_damaged", {"position": 1, "format": "heic"})


def test_a_decoder_that_does_not_run_is_our_fault_and_is_told_none_of_our_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\nenv > {tmp_path}/environment\necho "KeyError: 13800000000" >&2\nexit 3\n')
    program.chmod(0o755)
    monkeypatch.setenv("ZHIHUI_PERSONAL_KEY", "secret")
    monkeypatch.setattr(sys, "executable", str(program))
    with pytest.raises(PictureReaderBroken, match=r"ended with code 3 \(KeyError\)\. See that Pillow and"):
        read_pictures([HEIC], {})
    assert "secret" not in (tmp_path / "environment").read_text()


def test_the_first_refusal_is_the_answer() -> None:
    damaged = encoded(a_scene(1, 160, 120))[:900]
    assert read_pictures([HEIC, damaged], {}) == Refusal("picture_damaged", {"position": 2, "format": "jpeg"})


@pytest.mark.parametrize(
    ("uploads", "known", "limits", "code"),
    [
        ([], {}, PictureLimits(), "no_picture"),
        ([HEIC] * 7, {}, PictureLimits(), "too_many_pictures"),
        ([HEIC], {}, PictureLimits(picture_bytes=len(HEIC) - 1), "picture_too_large"),
        ([HEIC, b"<html>"], {}, PictureLimits(), "not_a_picture"),
        ([HEIC], {"a": 50 * MEGABYTE}, PictureLimits(), "pictures_of_case_full"),
    ],
)
def test_what_can_be_refused_without_decoding_is(
    uploads: list[bytes], known: dict[str, int], limits: PictureLimits, code: str
) -> None:
    # Without any patience whatever is decoded would be damaged.
    answer = read_pictures(uploads, known, limits, patience_seconds=0.0)
    assert isinstance(answer, Refusal)
    assert answer.code == code


def test_what_a_case_has_already_does_not_count_again() -> None:
    known = {sha256(HEIC).hexdigest(): len(HEIC)}
    assert isinstance(read_pictures([HEIC], known, PictureLimits(case_bytes=len(HEIC))), tuple)


def test_the_limits_hold_in_the_process_too() -> None:
    data = encoded(a_scene(3, 400, 300))
    read = read_pictures([data], {}, PictureLimits(longest_side=100, small_side=40))
    assert isinstance(read, tuple)
    assert [decoded(copy).size for copy in (read[0].full, read[0].small)] == [(100, 75), (40, 30)]


def test_an_answer_that_broke_off_is_none() -> None:
    picture = a_read_picture(HEIC)
    whole = write_answer(Refusal("picture_damaged", {"position": 1})) + write_answer(picture)
    assert read_answers(whole) == [Refusal("picture_damaged", {"position": 1}), picture]
    for length in range(len(whole) - len(picture.small) - 400, len(whole), 37):
        assert not any(isinstance(answer, ReadPicture) for answer in read_answers(whole[:length]))
