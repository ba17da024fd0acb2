"""How the pictures of a bulletin are drawn: in which language, how wide, how many units at most in one."""

from dataclasses import dataclass

from tasks.words import Language, word


@dataclass(frozen=True, slots=True)
class Look:
    """A way to draw. Units: width in points of the drawing."""

    language: Language
    width: float
    rows: int
    """The most units a picture has: sixty do not fit on one page."""
    row: float
    """Height of a unit's row."""
    annexed: bool
    """Whether long tables stand behind the signature, as annexes, and not where they are spoken of."""

    def say(self, code: str) -> str:
        """The word of a column or mark."""
        return word("bulletin_column", code, self.language)

    def caption(self, code: str) -> str:
        """What a picture is called."""
        return word("bulletin_caption", code, self.language)


def on_paper(language: Language) -> Look:
    """For a page of A4."""
    return Look(language, 680.0, 32, 20.0, annexed=True)


def on_screen(language: Language) -> Look:
    """For a page that a phone shows as well: narrower, so that its letters are larger there, and as long as need be."""
    return Look(language, 480.0, 1000, 25.0, annexed=False)
