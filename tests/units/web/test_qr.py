"""A QR code stands in the page as drawing alone, and says what it was given."""

from __future__ import annotations

import re

import segno

from web import qr


def test_a_code_is_drawn_black_on_white_without_styles_or_links() -> None:
    drawing = str(qr.drawn("K7Q2-M0XV"))
    assert drawing.startswith('<svg aria-hidden="true"')
    assert re.findall(r"#\w+", drawing) == ["#fff", "#000"] or set(re.findall(r"#\w+", drawing)) == {
        "#fff",
        "#000",
    }
    assert not re.search(r"style=|href|<script|http", drawing)


def test_a_code_has_the_white_frame_that_readers_need() -> None:
    size = segno.make("K7Q2-M0XV", error="m", micro=False).symbol_size(border=0)[0]
    assert f'viewBox="0 0 {size + 2 * qr.QUIET} {size + 2 * qr.QUIET}"' in str(qr.drawn("K7Q2-M0XV"))


def test_what_would_be_markup_stays_text() -> None:
    assert "<b>" not in str(qr.drawn("<b>"))
