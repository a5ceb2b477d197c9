"""Files of decisions that import each other, read so that each finds the models it imports."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from engine import errors
from engine.decisions import elements, reading
from engine.decisions.models import DecisionModel


def read(
    roots: Mapping[str, etree._Element], *, strict: bool = True
) -> tuple[dict[str, DecisionModel], list[errors.Finding]]:
    """The models by file, and what is wrong with the files that have none.

    A file imports another by its namespace (DMN 1.5, 6.3.3): exactly one file of these must have it, and no file may
    come back to itself. A file whose imports cannot be read waits for them to be mended and has no model and no
    finding of its own. Not `strict` as for `reading.read`.
    """
    linking = _Linking(roots, strict)
    for file in roots:
        linking.model(file, ())
    return {file: model for file, model in linking.models.items() if model is not None}, linking.findings


class _Linking:
    """Each file read once, after those it imports; None stands for a file that cannot be read."""

    def __init__(self, roots: Mapping[str, etree._Element], strict: bool) -> None:
        self.roots, self.strict = roots, strict
        self.models: dict[str, DecisionModel | None] = {}
        self.findings: list[errors.Finding] = []

    def model(self, file: str, importers: tuple[str, ...]) -> DecisionModel | None:
        if file not in self.models:
            found: dict[str, DecisionModel] = {}
            readable = True
            for element in elements.all_of(self.roots[file], "import"):
                namespace = element.get("namespace", "")
                other = self._one(file, element, (*importers, file))
                if other is not None and (model := self.model(other, (*importers, file))) is not None:
                    found[namespace] = model
                elif other is not None or self._holders(namespace):
                    readable = False
            self.models[file] = self._read(file, found) if readable else None
        return self.models[file]

    def _one(self, file: str, element: etree._Element, path: tuple[str, ...]) -> str | None:
        """The one file that is meant; None when there is none (reading says so) or it cannot be told."""
        holders = self._holders(element.get("namespace", ""))
        if len(holders) > 1:
            self._complain("import_ambiguous", file, element, files=", ".join(holders))
            return None
        if holders and holders[0] in path:
            self._complain("import_circle", file, element, files=" → ".join((*path, holders[0])))
            return None
        return holders[0] if holders else None

    def _holders(self, namespace: str) -> list[str]:
        return [file for file, root in self.roots.items() if root.get("namespace", "") == namespace]

    def _read(self, file: str, imports: Mapping[str, DecisionModel]) -> DecisionModel | None:
        try:
            return reading.read(self.roots[file], file, imports, strict=self.strict)
        except errors.Invalid as refused:
            self.findings += refused.findings
            return None

    def _complain(self, code: str, file: str, element: etree._Element, **params: object) -> None:
        name = elements.name(element)
        self.findings.append(
            errors.Finding(
                f"dmn.{code}",
                {"name": name, **params},
                file,
                elements.line(element),
                element.get("id") or name or None,
            )
        )
