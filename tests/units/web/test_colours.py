"""The tokens: text reads on its ground (WCAG 2.2 AA), in light and dark, and both ways to dark are the same."""

from __future__ import annotations

import re

import pytest

from web import rendering

SOURCE = (rendering.HERE / "styles" / "tokens.css").read_text("utf-8")
_BLOCK = re.compile(r"(:root[^{]*)\{([^{}]*--paper[^{}]*)\}")
SETS = [dict(re.findall(r"(--[a-z0-9-]+):\s*([^;]+);", body)) for _name, body in _BLOCK.findall(SOURCE)]
LIGHT, DARK, CHOSEN = SETS

TEXT = [  # (text, ground): 4.5 to 1
    ("ink", "paper"), ("ink", "surface"), ("ink", "sunken"), ("ink", "brand-soft"),
    ("ink-soft", "paper"), ("ink-soft", "surface"), ("ink-soft", "sunken"), ("ink-soft", "brand-soft"),
    ("link", "paper"), ("link", "surface"), ("on-brand", "brand"), ("on-brand", "brand-strong"),
    ("on-bar", "bar"), ("on-bar-soft", "bar"), ("brand-strong", "brand-soft"), ("brand", "surface"),
    ("good", "good-soft"), ("warn", "warn-soft"), ("bad", "bad-soft"), ("info", "info-soft"),
    ("bad", "surface"), ("bad", "paper"), ("warn", "surface"), ("good", "surface"), ("info", "paper"),
    ("ink", "good-soft"), ("ink", "bad-soft"), ("ink", "warn-soft"), ("ink", "info-soft"),
]  # fmt: skip
SHAPES = [  # borders of controls, rings, marks: 3 to 1
    ("line-strong", "surface"), ("line-strong", "paper"), ("focus", "surface"), ("focus", "paper"),
    ("focus-on-bar", "bar"), ("brand", "paper"), ("bad-line", "surface"), ("brand", "brand-soft"),
]  # fmt: skip


def brightness(colour: str) -> float:
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, relative luminance and contrast ratio."""
    high, low = sorted((brightness(one), brightness(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("above", "ground"), TEXT)
def test_a_text_reads_on_its_ground(colours: dict[str, str], above: str, ground: str) -> None:
    assert contrast(colours[f"--{above}"], colours[f"--{ground}"]) >= 4.5


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("above", "ground"), SHAPES)
def test_a_shape_is_seen_on_its_ground(colours: dict[str, str], above: str, ground: str) -> None:
    assert contrast(colours[f"--{above}"], colours[f"--{ground}"]) >= 3


def test_dark_by_choice_is_dark_by_the_device() -> None:
    assert DARK == CHOSEN


def test_every_name_that_a_style_uses_is_a_token() -> None:
    styles = "".join(path.read_text("utf-8") for path in (rendering.HERE / "styles").glob("*.css"))
    used = set(re.findall(r"var\((--[a-z0-9-]+)", styles))
    assert used <= set(re.findall(r"(--[a-z0-9-]+):", SOURCE))
