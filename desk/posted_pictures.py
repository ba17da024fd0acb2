"""What a form posts that may carry pictures: its fields, and its files, which wait in temporary files to be looked at.

A file's name and declared type are never used, for anything.
"""

import re
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.exceptions import HTTPException

from desk.context import Desk
from desk.form_facts import MOST_FIELDS, FormCode, most_pictures, picture_names, posted_fields
from desk.protection import LONGEST_BODY, Scope
from models.picture_rules import LIMITS, refuse_uploads
from models.refusal import Refusal
from tasks.links import LinkError, open_link
from tasks.picture_reading import read_pictures
from tasks.picture_store import PictureStore, StoredPicture

MOST_FILES = 30
"""Files of one form that are told apart; how many are taken is for the rules of pictures to say."""

ROOM = LIMITS.pictures * LIMITS.picture_bytes + LONGEST_BODY
"""Bytes of a body with as many pictures as are taken, each as large as it may be, and their form."""

PUBLIC_REPORT = "/report"

_STRANGERS = threading.BoundedSemaphore(4)
"""Forms of the public whose pictures are read at the same time. Each holds one of the threads that all pages share, and
waits for a decoder: without a bound some dozens of large pictures would keep every page waiting for minutes."""

_ACTS = re.compile(r"/c/(?P<case>[^/]+)/act|/evaluation/(?P<month>[^/]+)/enter")

Files = Mapping[str, Sequence[UploadFile]]
"""Files by the field they came in."""

Kept = Mapping[str, tuple[StoredPicture, ...]]
"""Pictures whose files are in the store, by the same fields."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A form as it came."""

    fields: Mapping[str, str]
    files: Files = field(default_factory=dict)


def room_for_pictures(desk: Desk) -> Callable[[Scope], int]:
    """How many bytes a request may bring: more than elsewhere only for a form with files.

    It lies behind a link of ours, or is the public's, of which an address may send so many (`desk/public_form.py`).
    """

    def room(scope: Scope) -> int:
        if scope["method"] != "POST" or not _has_files(Headers(scope=scope)):
            return LONGEST_BODY
        if scope["path"] == PUBLIC_REPORT:
            return ROOM
        acts = _ACTS.fullmatch(scope["path"])
        if acts is None:
            return LONGEST_BODY
        try:
            open_link(desk.link_key, acts["case"] or acts["month"], desk.clock(), desk.lives.days)
        except LinkError:
            return LONGEST_BODY
        return ROOM

    return room


async def _posted(request: Request) -> AsyncIterator[Posted]:
    if not _has_files(request.headers):
        yield Posted(posted_fields(await request.body()))
        return
    if not _is_utf8(request.headers):
        raise HTTPException(400)
    form = await request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=LONGEST_BODY)
    try:
        yield Posted(_fields(form), _files(form))
    finally:
        await form.close()


PostedWithPictures = Annotated[Posted, Depends(_posted)]
"""The form of the request; its files live as long as the request does."""


def files_of(form: FormCode, posted: Posted) -> Files:
    """The files that this form has a field for."""
    return {name: posted.files[name] for name in picture_names(form) if name in posted.files}


def refuse_files(files: Files) -> Refusal | None:
    """Why these files are not even opened: too many for their field or together, or one too large."""
    for name, some in files.items():
        if len(some) > most_pictures(name):
            return Refusal("too_many_pictures", {"given": len(some), "most": most_pictures(name)})
    return refuse_uploads([file.size or 0 for some in files.values() for file in some]) if files else None


def keep_files(desk: Desk, store: PictureStore, files: Files, handed_in: Mapping[str, int]) -> Kept | Refusal:
    """Reads the files as pictures and stores them; rows they have none yet. Takes its time: hold no connection.

    `handed_in` is what the case has already. Raises: PictureReaderBroken, StoreUnusable.
    """
    uploads = [(name, file.file.read()) for name, some in files.items() for file in some]
    if not uploads:
        return {}
    read = read_pictures([data for _, data in uploads], handed_in, room=desk.decoders)
    if isinstance(read, Refusal):
        return read
    stored = {picture.original_sha256: picture for picture in store.keep(read)}
    kept: dict[str, tuple[StoredPicture, ...]] = {}
    for name, data in uploads:
        picture = stored[sha256(data).hexdigest()]
        kept[name] = tuple(dict.fromkeys((*kept.get(name, ()), picture)))
    return kept


def keep_files_of_strangers(desk: Desk, store: PictureStore, files: Files) -> Kept | Refusal:
    """The same for whoever needs no link of ours: a few at a time, so that the others' pages do not wait.

    Raises: PictureReaderBroken, StoreUnusable.
    """
    if files and not _STRANGERS.acquire(blocking=False):
        return Refusal("pictures_busy")
    try:
        return keep_files(desk, store, files, {})
    finally:
        if files:
            _STRANGERS.release()


def _is_utf8(headers: Headers) -> bool:
    """Whether the form names no other encoding, as no browser does.

    Python knows some whose reading takes a second for 64 KiB, and everybody else waits that long.
    """
    _, options = parse_options_header(headers["content-type"])
    return options.get(b"charset", b"utf-8").lower() == b"utf-8"


def _has_files(headers: Headers) -> bool:
    return headers.get("content-type", "").partition(";")[0].strip().lower() == "multipart/form-data"


def _fields(form: FormData) -> dict[str, str]:
    """The first value of each field, as `posted_fields` gives it."""
    return {name: value for name, value in reversed(form.multi_items()) if isinstance(value, str)}


def _files(form: FormData) -> dict[str, list[UploadFile]]:
    """A field in which nothing was chosen comes as a file without name and content: none came."""
    files: dict[str, list[UploadFile]] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile) and (value.filename or value.size):
            files.setdefault(name, []).append(value)
    return files
