"""What a form carries beside its fields: a key that makes it act once, and a proof that this very page drew it.

The proof is bound to the link: a form of one person's page is worth nothing on another's.
"""

import hashlib
import secrets
from dataclasses import dataclass

from itsdangerous import Signer


@dataclass(frozen=True, slots=True)
class FormToken:
    """One drawing of a page's forms."""

    drawn: str
    proof: str

    def key_of(self, form: str) -> str:
        """The idempotency key of one form of the page. Example: desk-Zk3…-ask-extension."""
        return f"desk-{self.drawn}-{form}"


def draw_form_token(key: bytes, link: str) -> FormToken:
    """A new drawing for the page behind a link."""
    drawn = secrets.token_urlsafe(12)
    return FormToken(drawn, _signer(key).get_signature(_bound(link, drawn)).decode("ascii"))


def is_genuine(key: bytes, link: str, token: FormToken) -> bool:
    """Whether this drawing was made here for the page behind this link."""
    return _signer(key).verify_signature(_bound(link, token.drawn), token.proof.encode("utf-8", "replace"))


def _bound(link: str, drawn: str) -> bytes:
    return f"{link} {drawn}".encode("utf-8", "replace")


def _signer(key: bytes) -> Signer:
    return Signer(key, salt=b"zhihui.form", key_derivation="hmac", digest_method=hashlib.sha256)
