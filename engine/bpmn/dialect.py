"""The BPMN that is accepted: every element with its attributes and children; all else is refused.

Tables only. `refusals` walks a file by them; docs/bpmn.md lists them, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Value(StrEnum):
    """What an attribute may hold; the value names the sentence that is shown when it does not."""

    TEXT = "text"  # a label: any text without control characters
    ID = "id"
    BOOLEAN = "boolean"
    EXPRESSION = "expression"  # FEEL, a leading `=` is optional
    VARIABLE = "variable"
    KEY = "key"  # of a form, decision or process
    SERVICE = "service"  # integration.task


Accepted = Value | tuple[str, ...]  # a tuple lists the accepted values


@dataclass(frozen=True, slots=True)
class Shape:
    """What one element may carry."""

    attributes: Mapping[str, Accepted]
    children: frozenset[str] = frozenset()
    extensions: Mapping[str, Value] | None = None  # tc: attributes
    io: frozenset[str] = frozenset()  # of tc:io: "input", "output"
    holds_text: bool = False


_BASE: dict[str, Accepted] = {"id": Value.ID}
_NAMED: dict[str, Accepted] = {"id": Value.ID, "name": Value.TEXT}
_SAID = frozenset({"documentation", "extensionElements"})
_NODE = _SAID | {"incoming", "outgoing"}
_ONCE: dict[str, Accepted] = {
    "isForCompensation": ("false",),
    "startQuantity": ("1",),
    "completionQuantity": ("1",),
}
_IMPLEMENTED: dict[str, Accepted] = {"implementation": ("##unspecified", "##WebService")}
_ARTIFACTS = frozenset({"textAnnotation", "association", "group"})
_FORMAL: dict[str, Accepted] = {"id": Value.ID, "language": ("feel", "FEEL", "https://www.omg.org/spec/DMN/20191111/FEEL/",
           "https://www.omg.org/spec/DMN/20230324/FEEL/", "http://www.omg.org/spec/FEEL/20140401")}  # fmt: skip

FLOW_NODES = frozenset(
    "startEvent endEvent intermediateCatchEvent intermediateThrowEvent boundaryEvent userTask manualTask serviceTask "
    "scriptTask businessRuleTask sendTask receiveTask subProcess callActivity exclusiveGateway parallelGateway "
    "inclusiveGateway eventBasedGateway".split()
)
_SCOPE = FLOW_NODES | _ARTIFACTS | {"sequenceFlow"}


def _activity(
    attributes: Mapping[str, Accepted] | None = None,
    children: frozenset[str] = frozenset(),
    extensions: Mapping[str, Value] | None = None,
    io: frozenset[str] = frozenset(),
) -> Shape:
    return Shape(
        {**_NAMED, **_ONCE, **(attributes or {})},
        _NODE | {"multiInstanceLoopCharacteristics"} | children,
        extensions,
        io,
    )


def _event(
    *triggers: str,
    attributes: Mapping[str, Accepted] | None = None,
    extensions: Mapping[str, Value] | None = None,
) -> Shape:
    return Shape({**_NAMED, **(attributes or {})}, _NODE | set(triggers), extensions)


def _gateway(attributes: Mapping[str, Accepted] | None = None) -> Shape:
    directions = ("Unspecified", "Converging", "Diverging", "Mixed")
    return Shape({**_NAMED, "gatewayDirection": directions, **(attributes or {})}, _NODE)


_MESSAGE, _TIMER, _ERROR = "messageEventDefinition", "timerEventDefinition", "errorEventDefinition"
_BOTH_WAYS = frozenset({"input", "output"})

ELEMENTS: Mapping[str, Shape] = {
    # the file
    "definitions": Shape(
        {**_NAMED, "targetNamespace": Value.TEXT, "exporter": Value.TEXT, "exporterVersion": Value.TEXT,
         "typeLanguage": Value.TEXT, "expressionLanguage": _FORMAL["language"]},
        _SAID | {"process", "collaboration", "message", "error", "category"},
    ),
    "process": Shape(
        {**_NAMED, "isExecutable": Value.BOOLEAN, "isClosed": ("false",),
         "processType": ("None", "Public", "Private")},
        _SAID | _SCOPE | {"laneSet"},
    ),
    "collaboration": Shape({**_NAMED, "isClosed": ("false",)}, _SAID | _ARTIFACTS | {"participant", "messageFlow"}),
    "participant": Shape({**_NAMED, "processRef": Value.TEXT}, _SAID),
    "messageFlow": Shape(
        {**_NAMED, "sourceRef": Value.TEXT, "targetRef": Value.TEXT, "messageRef": Value.TEXT}, _SAID
    ),
    "laneSet": Shape(_NAMED, _SAID | {"lane"}),
    "childLaneSet": Shape(_NAMED, _SAID | {"lane"}),
    "lane": Shape(_NAMED, _SAID | {"flowNodeRef", "childLaneSet"}),
    "flowNodeRef": Shape({}, holds_text=True),
    "message": Shape(_NAMED, _SAID, {"key": Value.EXPRESSION}),
    "error": Shape({**_NAMED, "errorCode": Value.TEXT}, _SAID),
    # drawn, not executed
    "category": Shape(_NAMED, _SAID | {"categoryValue"}),
    "categoryValue": Shape({**_BASE, "value": Value.TEXT}, _SAID),
    "textAnnotation": Shape({**_BASE, "textFormat": Value.TEXT}, _SAID | {"text"}),
    "text": Shape({}, holds_text=True),
    "association": Shape(
        {**_BASE, "sourceRef": Value.TEXT, "targetRef": Value.TEXT, "associationDirection": ("None", "One", "Both")},
        _SAID,
    ),
    "group": Shape({**_BASE, "categoryValueRef": Value.TEXT}, _SAID),
    "documentation": Shape({**_BASE, "textFormat": Value.TEXT}, holds_text=True),
    "extensionElements": Shape({}),
    # flows
    "sequenceFlow": Shape(
        {**_NAMED, "sourceRef": Value.TEXT, "targetRef": Value.TEXT}, _SAID | {"conditionExpression"}
    ),
    "conditionExpression": Shape(_FORMAL, holds_text=True),
    "incoming": Shape({}, holds_text=True),
    "outgoing": Shape({}, holds_text=True),
    # events
    "startEvent": _event(
        _MESSAGE, _TIMER,
        attributes={"isInterrupting": ("true",), "parallelMultiple": ("false",)},
        extensions={"form": Value.KEY},
    ),
    "endEvent": _event(_MESSAGE, _ERROR, "terminateEventDefinition", extensions={"payload": Value.EXPRESSION}),
    "intermediateCatchEvent": _event(_MESSAGE, _TIMER, attributes={"parallelMultiple": ("false",)}),
    "intermediateThrowEvent": _event(_MESSAGE, extensions={"payload": Value.EXPRESSION}),
    "boundaryEvent": _event(
        _MESSAGE, _TIMER, _ERROR,
        attributes={"attachedToRef": Value.TEXT, "cancelActivity": Value.BOOLEAN, "parallelMultiple": ("false",)},
        extensions={"errorVariable": Value.VARIABLE},
    ),
    _MESSAGE: Shape({**_BASE, "messageRef": Value.TEXT}, _SAID),
    _TIMER: Shape(_BASE, _SAID | {"timeDate", "timeDuration", "timeCycle"}),
    _ERROR: Shape({**_BASE, "errorRef": Value.TEXT}, _SAID),
    "terminateEventDefinition": Shape(_BASE, _SAID),
    "timeDate": Shape(_FORMAL, holds_text=True),
    "timeDuration": Shape(_FORMAL, holds_text=True),
    "timeCycle": Shape(_FORMAL, holds_text=True),
    # activities
    "userTask": _activity(_IMPLEMENTED, extensions={"form": Value.KEY, "result": Value.VARIABLE}),
    "manualTask": _activity(),
    "serviceTask": _activity(
        _IMPLEMENTED, extensions={"service": Value.SERVICE, "result": Value.VARIABLE}, io=_BOTH_WAYS
    ),
    "sendTask": _activity(
        {**_IMPLEMENTED, "messageRef": Value.TEXT},
        extensions={"service": Value.SERVICE, "result": Value.VARIABLE, "payload": Value.EXPRESSION},
        io=_BOTH_WAYS,
    ),
    "receiveTask": _activity({**_IMPLEMENTED, "messageRef": Value.TEXT, "instantiate": ("false",)}),
    "scriptTask": _activity(
        {"scriptFormat": ("feel", "FEEL", "text/feel", "application/feel")},
        frozenset({"script"}),
        {"result": Value.VARIABLE},
    ),
    "script": Shape({}, holds_text=True),
    "businessRuleTask": _activity(
        _IMPLEMENTED, extensions={"decision": Value.KEY, "result": Value.VARIABLE}, io=frozenset({"input"})
    ),
    "callActivity": _activity({"calledElement": Value.KEY}, io=_BOTH_WAYS),
    "subProcess": _activity({"triggeredByEvent": ("false",)}, _SCOPE),
    "multiInstanceLoopCharacteristics": Shape(
        {**_BASE, "isSequential": Value.BOOLEAN, "behavior": ("All",)},
        _SAID | {"loopCardinality", "completionCondition"},
        {"collection": Value.EXPRESSION, "elementVariable": Value.VARIABLE,
         "outputCollection": Value.VARIABLE, "outputElement": Value.EXPRESSION},
    ),
    "loopCardinality": Shape(_FORMAL, holds_text=True),
    "completionCondition": Shape(_FORMAL, holds_text=True),
    # gateways
    "exclusiveGateway": _gateway({"default": Value.TEXT}),
    "inclusiveGateway": _gateway({"default": Value.TEXT}),
    "parallelGateway": _gateway(),
    "eventBasedGateway": _gateway({"instantiate": ("false",), "eventGatewayType": ("Exclusive",)}),
}  # fmt: skip

TRIGGERS = frozenset({_MESSAGE, _TIMER, _ERROR, "terminateEventDefinition"})

# Elements and attributes with a sentence of their own (findings.bpmn.refused.*) that names the remedy.
REFUSED_ELEMENTS = frozenset(
    "task complexGateway transaction adHocSubProcess standardLoopCharacteristics signalEventDefinition "
    "escalationEventDefinition compensateEventDefinition cancelEventDefinition conditionalEventDefinition "
    "linkEventDefinition eventDefinitionRef signal escalation dataObject dataObjectReference dataStore "
    "dataStoreReference ioSpecification dataInputAssociation dataOutputAssociation property potentialOwner "
    "humanPerformer performer resourceRole import globalUserTask globalTask choreography laneSet "
    "loopDataInputRef loopDataOutputRef inputDataItem outputDataItem correlationKey correlationProperty".split()
)
REFUSED_ATTRIBUTES = frozenset(
    "instantiate triggeredByEvent isForCompensation startQuantity completionQuantity default scriptFormat "
    "parallelMultiple behavior expressionLanguage language eventGatewayType isInterrupting implementation "
    "itemRef structureRef operationRef isImmediate".split()
)

# SpiffWorkflow's own extension elements that mean the same here, by the elements they may stand on.
SPIFFWORKFLOW_READ: Mapping[str, frozenset[str]] = {
    "calledDecisionId": frozenset({"businessRuleTask"}),
    "variableName": frozenset({"userTask"}),
    "properties": frozenset({"userTask", "startEvent"}),
}
SPIFFWORKFLOW_PROPERTIES = frozenset({"formJsonSchemaFilename"})
# Those with a remedy of their own; any other is refused in general words.
SPIFFWORKFLOW_REFUSED = frozenset(
    "preScript postScript unitTests serviceTaskOperator messagePayload messageVariable instructionsForEndUser "
    "payloadExpression processVariableCorrelation".split()
)
