"""A street corner with a full litter bin, and the same corner cleaned: drawn, so that pages have something to show."""

from pathlib import Path

from PIL import Image, ImageDraw

WIDTH, HEIGHT = 960, 720

_BAGS = ((470, 560, 70, "#31363b"), (560, 590, 60, "#20252a"), (640, 560, 55, "#4a5157"), (700, 600, 45, "#2b5d3a"))
_SCRAPS = (
    (420, 660, "#e8e4d8"),
    (520, 680, "#c9b458"),
    (610, 670, "#d8d8d8"),
    (760, 650, "#b5533c"),
    (380, 640, "#dfe7ee"),
)


def street(path: Path, *, littered: bool) -> Path:
    """The corner as a photograph a phone would send."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "#cfe0ea")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 180, WIDTH, 470), fill="#b9aa94")
    for left in range(40, WIDTH, 230):
        draw.rectangle((left, 230, left + 120, 380), fill="#7f97a3", outline="#6a5f50", width=6)
    draw.rectangle((0, 470, WIDTH, 610), fill="#a9adaf")
    for left in range(0, WIDTH, 80):
        draw.line((left, 470, left - 60, 610), fill="#989c9e", width=3)
    draw.rectangle((0, 610, WIDTH, HEIGHT), fill="#5c6063")
    draw.rounded_rectangle((300, 380, 410, 590), 12, fill="#2f7d4f", outline="#1d5334", width=6)
    draw.rectangle((290, 360, 420, 400), fill="#256341")
    if littered:
        for x, y, size, colour in _BAGS:
            draw.ellipse((x - size, y - size, x + size, y + size // 2), fill=colour, outline="#111417", width=3)
        for x, y, colour in _SCRAPS:
            draw.polygon(((x, y), (x + 40, y - 12), (x + 52, y + 18), (x + 8, y + 24)), fill=colour)
    image.save(path, "JPEG", quality=85)
    return path
