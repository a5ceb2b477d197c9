"""Codes that people read aloud, type and scan: eight characters with a built-in check.

Seven characters are random, the eighth makes Σ αⁱ·cᵢ = 0 in GF(2⁵) (α a root of x⁵+x²+1, i from 0 at the
left). The powers of α used are all different, so every single wrong character and every exchange of two
characters is noticed. The alphabet is Crockford's base 32: no I, L, O, U; O is read as 0, I and L as 1.
"""

from __future__ import annotations

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 8
_POLYNOMIAL = 0b100101
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None, ".": None})


def issue(number: int | None = None) -> str:
    """A new code; `number` (35 bits) instead of a random one makes it repeatable."""
    drawn = secrets.randbits(35) if number is None else number % (1 << 35)
    symbols = [(drawn >> 5 * place) & 31 for place in reversed(range(LENGTH - 1))]
    return "".join(ALPHABET[symbol] for symbol in [*symbols, _closing(symbols)])


def read(text: str) -> str | None:
    """The code somebody typed or scanned, in its one written form; None when it is not a valid code."""
    code = text.strip().upper().translate(_READ_AS)
    if len(code) != LENGTH or any(symbol not in ALPHABET for symbol in code):
        return None
    return code if _sum([ALPHABET.index(symbol) for symbol in code]) == 0 else None


def shown(code: str) -> str:
    """A code as printed: two groups of four."""
    return f"{code[:4]}-{code[4:]}"


def _closing(symbols: list[int]) -> int:
    """The last symbol that makes the sum zero."""
    wanted = _sum([*symbols, 0])
    weight = _power(LENGTH - 1)
    return next(symbol for symbol in range(32) if _times(weight, symbol) == wanted)


def _sum(symbols: list[int]) -> int:
    total = 0
    for place, symbol in enumerate(symbols):
        total ^= _times(_power(place), symbol)
    return total


def _power(exponent: int) -> int:
    value = 1
    for _ in range(exponent):
        value = _times(value, 2)
    return value


def _times(left: int, right: int) -> int:
    """The product in GF(2⁵)."""
    product = 0
    while right:
        if right & 1:
            product ^= left
        left <<= 1
        if left & 0b100000:
            left ^= _POLYNOMIAL
        right >>= 1
    return product
