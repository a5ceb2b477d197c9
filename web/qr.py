"""QR codes, drawn into the page itself: black on white, no other file, nothing that a policy would stop."""

from __future__ import annotations

import segno
from markupsafe import Markup

QUIET = 4  # modules of white around, as readers need them
LONGEST = 400  # characters


def drawn(text: str) -> Markup:
    """The QR code of a text as SVG, as large as the style sheet says; the text stands beside it for people."""
    code = segno.make(text[:LONGEST], error="m", micro=False)
    drawing = code.svg_inline(
        border=QUIET, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None
    )
    return Markup(drawing.replace("<svg ", '<svg aria-hidden="true" ', 1))
