"""Small BPMN models by their flow elements alone, and findings that are checked to be worth showing."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from engine import errors
from engine.bpmn import reading
from engine.bpmn.model import ProcessModel

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:tc="urn:tiemchung:bpmn:1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core"'
    ' xmlns:camunda="http://camunda.org/schema/1.0/bpmn" id="file" targetNamespace="urn:test">\n'
)


@pytest.fixture
def bpmn() -> Callable[..., bytes]:
    """`bpmn(body)`: a file whose process `loan` holds the body; `outside` goes before the process."""

    def written(body: str, outside: str = "", process: str = 'id="loan" isExecutable="true"') -> bytes:
        return f"{HEAD}{outside}<bpmn:process {process}>\n{body}\n</bpmn:process></bpmn:definitions>".encode()

    return written


@pytest.fixture
def line(bpmn: Callable[..., bytes]) -> Callable[..., bytes]:
    """`line(element, name)`: a file with start → the element(s) → end, joined in a line by the ids given."""

    def written(elements: str, *ids: str, outside: str = "", more: str = "") -> bytes:
        nodes = ["start", *ids, "end"]
        flows = "\n".join(
            f'<bpmn:sequenceFlow id="{one}__{two}" sourceRef="{one}" targetRef="{two}"/>'
            for one, two in itertools.pairwise(nodes)
        )
        body = f'<bpmn:startEvent id="start"/>\n{elements}\n<bpmn:endEvent id="end"/>\n{flows}\n{more}'
        return bpmn(body, outside)

    return written


@pytest.fixture
def read() -> Callable[[bytes], ProcessModel]:
    return lambda content: reading.read(content, "loan.bpmn")


@pytest.fixture
def refused() -> Callable[[bytes], dict[str, errors.Finding]]:
    """The findings of a file that must be refused, by code; each says where and says it in both languages."""

    def findings(content: bytes) -> dict[str, errors.Finding]:
        with pytest.raises(errors.Invalid) as caught:
            reading.read(content, "loan.bpmn")
        for finding in caught.value.findings:
            assert finding.file == "loan.bpmn" and finding.line, finding
            for language in ("vi", "en"):
                sentence = finding.sentence(language)
                assert not sentence.startswith("findings."), f"{finding.code} has no sentence ({language})"
                assert "…" not in sentence, sentence
        return {finding.code: finding for finding in reversed(caught.value.findings)}

    return findings
