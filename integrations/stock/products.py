"""What is known of each product, from products.yaml: doses in a vial, how long an opened one keeps, how cold."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from engine.bpmn import marked_yaml

FILE = Path(__file__).with_name("products.yaml")


@dataclass(frozen=True, slots=True)
class Product:
    """One product; `unverified` names the values that nobody has confirmed."""

    key: str
    name: str
    doses_per_vial: int
    hours_after_opening: int
    celsius: tuple[float, float]
    tolerance: int
    unverified: tuple[str, ...]

    @property
    def keeps(self) -> timedelta:
        """How long the doses of an opened vial may be used."""
        return timedelta(hours=self.hours_after_opening)

    def is_too_warm_or_cold(self, temperature: float | None) -> bool:
        return temperature is not None and not self.celsius[0] <= temperature <= self.celsius[1]


def known() -> tuple[Product, ...]:
    """Every product listed."""
    return tuple(_read().values())


def of(key: str) -> Product:
    """A product; one that is not listed takes the usual values, all unverified."""
    return _read().get(key) or _product(key, {"name": key})


@functools.cache
def _read() -> dict[str, Product]:
    return {key: _product(key, entry) for key, entry in _content()["products"].items()}


@functools.cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = marked_yaml.load(FILE.read_bytes(), FILE.name).value
    return content


def _product(key: str, entry: dict[str, Any]) -> Product:
    values = _content()["usual"] | entry
    coldest, warmest = values["celsius"]
    return Product(
        key, values["name"], int(values["doses_per_vial"]), int(values["hours_after_opening"]),
        (float(coldest), float(warmest)), int(values["tolerance"]), tuple(values["unverified"]),
    )  # fmt: skip
