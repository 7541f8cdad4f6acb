"""EPCIS documents made by Hypothesis: mostly right, and mutated so that they are a little wrong."""

import copy
from typing import Any

from hypothesis import strategies as st

CONTEXT = [
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"crm": "https://w3id.org/lodestream/crm/v1/", "ex": "https://example.org/ns/"},
]
IDS = st.sampled_from(
    [
        "urn:epc:id:sgtin:4012345.012345.12",
        "urn:epc:class:lgtin:4012345.012345.LOT-7",
        "urn:epc:id:sscc:4012345.0000000333",
        "https://id.gs1.org/01/04012345123456/10/LOT-7",
        "https://dl.example.com/gtin/04012345123456/lot/LOT-8?x=y",
        "https://trace.example.org/class/lot/ORE-1",
        "urn:uuid:6a1b4e4e-0a25-4c8a-9b9f-0f3a2d4d2f10",
        "ex:lot-1",
        "did:web:mine.example",
    ]
)
NUMBERS = st.one_of(
    st.integers(0, 10**12),
    st.decimals(0, 10**6, places=3).map(float),
    st.sampled_from([0, -0.0, 1e-7, 1.5e3, -2]),
)
TIMES = st.sampled_from(
    [
        "2026-03-01T08:00:00+02:00",
        "2026-03-01t08:00:00.25z",
        "2016-12-31T23:59:60Z",
        "2026-02-28T23:59:59.9999999-14:00",
        "0000-01-01T00:00:00Z",
    ]
)
EXTENSION_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.text(max_size=5), NUMBERS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["ex:a", "ex:b", "bare", "urn:x:y"]), inner, max_size=3)
    ),
    max_leaves=5,
)
QUANTITY = st.fixed_dictionaries(
    {"epcClass": IDS},
    optional={"quantity": NUMBERS.filter(lambda n: n >= 0), "uom": st.sampled_from(["KGM", "TNE", "60", "ZZZ"])},
)
QUANTITIES = st.lists(QUANTITY, max_size=3)
EPCS = st.lists(IDS, max_size=3, unique=True)
BIZ_STEPS = st.sampled_from(
    ["shipping", "commissioning", "cbv:BizStep-receiving", "https://ref.gs1.org/cbv/BizStep-other", "ex:smelting"]
)
DISPOSITIONS = st.sampled_from(["in_transit", "active", "ex:hot"])
PLACE = st.fixed_dictionaries(
    {
        "id": st.sampled_from(
            ["urn:epc:id:sgln:4012345.00001.0", "urn:epc:id:sgln:4012345.00001.A7", "https://mine.example/loc/gate"]
        )
    },
    optional={"ex:a": EXTENSION_VALUES, "bare": EXTENSION_VALUES},
)
REPORT = st.fixed_dictionaries(
    {"type": st.sampled_from(["Mass", "Dimensionless", "ex:Assay"])},
    optional={
        "value": NUMBERS,
        "uom": st.sampled_from(["P1", "KGM", "anything"]),
        "time": TIMES,
        "sDev": NUMBERS,
        "percRank": NUMBERS,
        "component": st.sampled_from(["x", "ex:part"]),
        "exception": st.sampled_from(["ALARM_CONDITION", "ex:odd"]),
        "chemicalSubstance": st.just("https://identifiers.org/inchikey:RYGMFSIKBFXOCR-UHFFFAOYSA-N"),
        "booleanValue": st.booleans(),
        "hexBinaryValue": st.sampled_from(["f0", "00FF"]),
        "stringValue": st.text(max_size=4),
        "ex:a": EXTENSION_VALUES,
    },
)
METADATA = st.fixed_dictionaries({}, optional={"time": TIMES, "startTime": TIMES, "deviceID": IDS, "ex:a": EXTENSION_VALUES})
SENSOR = st.fixed_dictionaries(
    {"sensorReport": st.lists(REPORT, min_size=1, max_size=2)}, optional={"sensorMetadata": METADATA, "ex:b": EXTENSION_VALUES}
)


def _typed(member: str, *types: str) -> st.SearchStrategy[list[dict[str, str]]]:
    entry = st.fixed_dictionaries({"type": st.sampled_from(types), member: IDS})
    return st.lists(entry, min_size=1, max_size=2)


PERSISTENT = st.fixed_dictionaries(
    {}, optional={"set": st.lists(DISPOSITIONS, min_size=1, max_size=2, unique=True), "unset": st.just(["active"])}
)
COMMON = {
    "eventTime": TIMES,
    "eventTimeZoneOffset": st.sampled_from(["+02:00", "-13:59", "+14:00"]),
}
OPTIONAL = {
    "eventID": IDS,
    "recordTime": TIMES,
    "certificationInfo": st.one_of(IDS, st.lists(IDS, max_size=2)),
    "errorDeclaration": st.fixed_dictionaries(
        {"declarationTime": TIMES},
        optional={"reason": st.sampled_from(["incorrect_data", "ex:why"]), "correctiveEventIDs": st.lists(IDS, max_size=2)},
    ),
    "bizStep": BIZ_STEPS,
    "disposition": DISPOSITIONS,
    "readPoint": PLACE,
    "bizLocation": PLACE,
    "bizTransactionList": _typed("bizTransaction", "po", "bol", "ex:t"),
    "sourceList": _typed("source", "location", "owning_party"),
    "destinationList": _typed("destination", "location", "possessing_party"),
    "sensorElementList": st.lists(SENSOR, max_size=2),
    "ex:a": EXTENSION_VALUES,
    "https://example.org/full#name": EXTENSION_VALUES,
}
ACTIONS = st.sampled_from(["ADD", "OBSERVE", "DELETE"])
ILMD = st.dictionaries(st.sampled_from(["ex:a", "ex:b"]), EXTENSION_VALUES, max_size=2)
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "ObjectEvent": (
        {"action": ACTIONS},
        {"epcList": EPCS, "quantityList": QUANTITIES, "ilmd": ILMD, "persistentDisposition": PERSISTENT},
    ),
    "AggregationEvent": (
        {"action": ACTIONS},
        {"parentID": IDS, "childEPCs": EPCS, "childQuantityList": QUANTITIES, "persistentDisposition": PERSISTENT},
    ),
    "AssociationEvent": ({"action": ACTIONS}, {"parentID": IDS, "childEPCs": EPCS, "childQuantityList": QUANTITIES}),
    "TransactionEvent": ({"action": ACTIONS}, {"parentID": IDS, "epcList": EPCS, "quantityList": QUANTITIES}),
    "TransformationEvent": (
        {},
        {
            "inputEPCList": EPCS,
            "inputQuantityList": QUANTITIES,
            "outputEPCList": EPCS,
            "outputQuantityList": QUANTITIES,
            "transformationID": IDS,
            "ilmd": ILMD,
            "persistentDisposition": PERSISTENT,
        },
    ),
    "ex:Assay": ({}, {"epcList": EPCS, "action": st.just("LOOK"), "anything": EXTENSION_VALUES}),
}


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """One event, right in most of its fields."""
    kind = draw(st.sampled_from(list(KINDS)))
    required, optional = KINDS[kind]
    made = draw(st.fixed_dictionaries({**COMMON, **required}, optional={**OPTIONAL, **optional}))
    return {"type": kind, **made}


JUNK = st.sampled_from(
    [
        None, True, 0, -1, 1.5, 10**30, [], {}, [[]], [None], [{}], ["ex:y", "ex:y"],
        {"id": "x"}, {"id": "ex:y"}, {"set": []}, {"ex:y": 1}, {"bare": 1},
        "", "x", "a b", "shipping", "ex:y", "_:b", "2.0", "Z", "ADD", "ff0g", "example:é", "ALARM_CONDITION", "KGM\n", "+02:00\n",
        "2026-02-30T00:00:00Z", "urn:epcglobal:cbv:bizstep:shipping", "http://ns.gs1.org/cbv/Disp-active", "https://gs1.org/voc/Mass",
    ]
)  # fmt: skip
KEYS = st.sampled_from(
    [
        "@context", "type", "id", "sender", "schemaVersion", "epcisHeader", "eventTime", "recordTime", "action", "bizStep",
        "epcList", "quantityList", "parentID", "childEPCs", "inputQuantityList", "transformationID", "bizTransactionList", "uom",
        "quantity", "set", "persistentDisposition", "sensorReport", "bogus", "ex:new", "ilmd", "urn:", "a b:c", "zz:undeclared",
    ]
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn, document: Any) -> Any:
    """The document with a few things done to it, anywhere: removed, replaced, added, doubled."""
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(0, 3))):
        spots = list(_containers(document))
        spot = spots[draw(st.integers(0, len(spots) - 1))]
        _mutate(draw, spot)
    return document


def _mutate(draw: st.DrawFn, spot: Any) -> None:
    what = draw(st.sampled_from(["remove", "replace", "add", "double"]))
    if isinstance(spot, dict):
        if what == "add" or not spot:
            spot[draw(KEYS)] = copy.deepcopy(draw(JUNK))
            return
        key = draw(st.sampled_from(sorted(spot)))
        if what == "remove":
            del spot[key]
        else:
            spot[key] = copy.deepcopy(draw(JUNK))
    elif what == "add" or not spot:
        spot.append(copy.deepcopy(draw(JUNK)))
    else:
        index = draw(st.integers(0, len(spot) - 1))
        if what == "remove":
            del spot[index]
        elif what == "replace":
            spot[index] = copy.deepcopy(draw(JUNK))
        else:
            spot.append(copy.deepcopy(spot[index]))


def _containers(value: Any) -> Any:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from _containers(each)
    elif isinstance(value, list):
        yield value
        for each in value:
            yield from _containers(each)


LOCATION = {"id": "ex:l", "attributes": [{"id": "ex:a", "attribute": "v"}], "children": ["ex:c"]}
VOCABULARIES = [{"type": "urn:epcglobal:epcis:vtype:Location", "vocabularyElementList": [LOCATION]}]


@st.composite
def documents(draw: st.DrawFn) -> Any:
    """A bare event, an EPCISDocument or an EPCISQueryDocument."""
    kind = draw(st.sampled_from(["bare", "document", "query"]))
    if kind == "bare":
        return {"@context": CONTEXT, **draw(events())}
    listed = draw(st.lists(events(), max_size=2))
    if kind == "query":
        body = {"queryResults": {"queryName": "q", "resultsBody": {"eventList": listed}}}
        return {"@context": CONTEXT, "type": "EPCISQueryDocument", "epcisBody": body}
    made = {"@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-03-01T08:00:00Z"}
    if draw(st.booleans()):
        made["epcisHeader"] = {"epcisMasterData": {"vocabularyList": VOCABULARIES}}
    return {**made, "epcisBody": {"eventList": listed}}
