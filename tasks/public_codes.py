"""The query code of a report: with its receipt number it opens the report's page, without a message or an account.

It is the HMAC of the receipt number under a key outside the database, so it is stored nowhere and fits every report,
also those that came by the hotline.
"""

import hmac
import unicodedata
from hashlib import sha256

from sqlalchemy import Connection, select

from models.case import Report
from models.tables import table_of

REPORTS = table_of(Report)

ALPHABET = "23456789ACDEFGHJKMNPQRTUVWXY"
"""Without what looks or sounds alike: 0 O, 1 I L, 2 Z, 5 S, 8 B."""
LENGTH = 10
"""Characters: 28 to the power of 10, three times 10 to the power of 14."""
GROUP = 5
LONGEST_TYPED = 60


def query_code(key: bytes, receipt: str) -> str:
    """The code of a receipt number, in two groups. Example: "7KQ2D-X9F4M"."""
    # The key that signs links is not used for two things: this one is derived from it.
    own_key = hmac.digest(key, b"zhihui query code", sha256)
    number = int.from_bytes(hmac.digest(own_key, receipt.encode("utf-8", "replace"), sha256))
    letters = []
    for _ in range(LENGTH):
        number, rest = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[rest])
    code = "".join(letters)
    return f"{code[:GROUP]}-{code[GROUP:]}"


def find_receipt(connection: Connection, key: bytes, receipt: str, code: str) -> str | None:
    """The receipt number as it is stored, if there is such a report and this is its code.

    Both are looked at in either case, so that a wrong code and a report that is not there take as long.
    """
    typed = "".join(unicodedata.normalize("NFKC", receipt[:LONGEST_TYPED]).replace("\0", "").split())
    typed = typed.encode("utf-8", "replace").decode()
    named = REPORTS.c.receipt_number.in_((typed, typed.upper()))
    stored = connection.scalar(select(REPORTS.c.receipt_number).where(named))
    right = hmac.compare_digest(_letters(query_code(key, stored or typed)), _letters(code))
    return stored if right else None


def _letters(code: str) -> bytes:
    """A code without what keyboards and people do to it: width, case, spaces and dashes."""
    text = unicodedata.normalize("NFKC", code[:LONGEST_TYPED]).upper()
    return "".join(c for c in text if c.isalnum()).encode("utf-8", "replace")
