"""What becomes of one send: the codes of the words' group `outcome`, each with a detail that holds no secret."""

from dataclasses import dataclass

HANDED_OVER, NO_ANSWER, NO_PHONE, NOT_ACCEPTED = "handed_over", "no_answer", "no_phone", "not_accepted"
REFUSED, TOO_FAST, GARBAGE, HTTP_ERROR = "refused_by_channel", "too_fast", "garbage", "http_error"
BAD_ADDRESS, BAD_CERTIFICATE, BAD_SHAPE = "bad_address", "bad_certificate", "bad_shape"
AUTH_REFUSED, NOT_ENCRYPTED = "auth_refused", "not_encrypted"


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one send: a code of the words' group `outcome`, with a detail that holds no secret.

    Example: Sent(False, "refused_by_channel 310000"); Sent(False, "too_fast 429", 7.0).
    """

    ok: bool
    outcome: str
    retry_after_seconds: float | None = None
    """Set where the channel asks to wait: from its Retry-After, or what its documents say of its code."""


class CannotReach(Exception):
    """A contact point that cannot be used; `outcome` is what the attempt's row says."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome
