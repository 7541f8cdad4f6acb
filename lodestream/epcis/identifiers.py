"""One spelling for every identifier: EPC URNs and GS1 Digital Links become the canonical Digital Link.

The canonical form is the constrained one of CBV 2.0 section 8: `https://id.gs1.org/` with AI numbers, GTINs of 14
digits, nothing but the most granular key (a serial makes the lot redundant), no query. Any other URI stays as it is.
"""

import re
from collections.abc import Callable

from lodestream.epcis.remember import remembered

DOMAIN = "https://id.gs1.org/"
LONGEST = 2_048
"""No identifier has more characters. What is longer is none, and stays as it is."""

_URN = re.compile(r"urn:epc:(id|class|idpat):([a-z]+):(.+)")
_SERIAL = re.compile(r"(?=.)[!'()*+,\-.0-9:;=A-Za-z_]*(?:%[0-9A-Fa-f]{2}[!'()*+,\-.0-9:;=A-Za-z_]*)*")
_DIGITS = re.compile(r"[0-9]+")
# Each character of a serial has one spelling: escaped where an EPC URN or the event hash has it so, literal otherwise.
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})|[!()*+,:&$]")
_LITERAL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~';=")
_CANONICAL = re.compile(r"https://id\.gs1\.org/(?:01/[0-9]{14}(?:/(?:10|21)/[0-9A-Za-z_.~\-]+)?|414/[0-9]{13})")
_WEB = re.compile(r"https?://([^/?#]*)(/[^?#]*)", re.IGNORECASE)


@remembered(32_768)
def canonical_id(uri: str) -> str:
    """The canonical form of an identifier. Two spellings of one GS1 key give one result; private URIs stay verbatim."""
    if len(uri) > LONGEST or _CANONICAL.fullmatch(uri):
        return uri
    if uri.startswith("urn:epc:"):
        match = _URN.fullmatch(uri)
        convert = _URN_SCHEMES.get((match[1], match[2])) if match else None
        path = convert(match[3]) if match and convert else None
        return uri if path is None else DOMAIN + path
    match = _WEB.match(uri)
    if match is None:
        return uri
    path = _digital_link(match[2], trusted=match[1].lower() == "id.gs1.org")
    return uri if path is None else DOMAIN + path


def without_extension(uri: str) -> str | None:
    """The location (GLN) of a canonical SGLN with an extension, else None."""
    match = _SGLN.fullmatch(uri)
    return match[1] if match else None


_SGLN = re.compile(r"(https://id\.gs1\.org/414/[0-9]{13})/254/.+")


def check_digit(digits: str) -> str:
    """The GS1 check digit (General Specifications 7.9.1): weights 3 and 1 from the right."""
    return str(-(3 * sum(map(int, digits[::-2])) + sum(map(int, digits[-2::-2]))) % 10)


# --- EPC URNs (EPC Tag Data Standard, section 6): body after `urn:epc:<kind>:<scheme>:` to a Digital Link path ---


def _key(company: str, reference: str, length: int) -> str | None:
    """Company prefix and reference with the check digit, or None unless they are `length` digits in all."""
    digits = company + reference
    whole = len(digits) == length and _DIGITS.fullmatch(digits) and 6 <= len(company) <= 12
    return digits + check_digit(digits) if whole else None


def _gtin(company: str, item: str) -> str | None:
    """A GTIN-14: the indicator digit, which the URN puts before the item reference, moves to the front."""
    if len(company) + len(item) != 13 or not _DIGITS.fullmatch(company + item) or not 6 <= len(company) <= 12:
        return None
    digits = item[0] + company + item[1:]
    return digits + check_digit(digits)


def _escaped(part: str) -> str | None:
    """A serial as a path segment: what Digital Link wants escaped is, and escapes are written in one way."""
    return _ESCAPE.sub(_escape, part) if _SERIAL.fullmatch(part) else None


def _escape(match: re.Match[str]) -> str:
    if match[1] is None:
        return f"%{ord(match[0]):02X}"
    char = chr(int(match[1], 16))
    return char if char in _LITERAL else match[0].upper()


def _joined(*parts: str | None) -> str | None:
    return None if None in parts else "".join(part for part in parts if part is not None)


def _split(body: str, fields: int) -> list[str] | None:
    parts = body.split(".", fields - 1)
    return parts if len(parts) == fields else None


def _item(ai: str) -> Callable[[str], str | None]:
    """sgtin, lgtin, upui: CP.Item.Extension."""

    def convert(body: str) -> str | None:
        parts = _split(body, 3)
        return _joined("01/", _gtin(parts[0], parts[1]), f"/{ai}/", _escaped(parts[2])) if parts else None

    return convert


def _item_pattern(body: str) -> str | None:
    parts = _split(body, 3)
    return _joined("01/", _gtin(parts[0], parts[1])) if parts and parts[2] == "*" else None


def _sscc(body: str) -> str | None:
    parts = _split(body, 2)
    if parts is None or not parts[1]:
        return None
    company, serial = parts
    digits = serial[0] + company + serial[1:]
    return f"00/{digits}{check_digit(digits)}" if len(digits) == 17 and _DIGITS.fullmatch(digits) else None


def _sgln(body: str) -> str | None:
    parts = _split(body, 3)
    if parts is None:
        return None
    gln = _joined("414/", _key(parts[0], parts[1], 12))
    return gln if parts[2] == "0" else _joined(gln, "/254/", _escaped(parts[2]))


def _numbered(prefix: str, length: int) -> Callable[[str], str | None]:
    """pgln, gsrn, gsrnp, gsin: CP.Reference, all digits."""

    def convert(body: str) -> str | None:
        parts = _split(body, 2)
        return _joined(prefix, _key(parts[0], parts[1], length)) if parts else None

    return convert


def _serialised(prefix: str) -> Callable[[str], str | None]:
    """grai, gdti, sgcn: CP.Type.Serial, the serial straight after the check digit; `*` names the type."""

    def convert(body: str) -> str | None:
        parts = _split(body, 3)
        if parts is None:
            return None
        serial = "" if parts[2] == "*" else _escaped(parts[2])
        return _joined(prefix, _key(parts[0], parts[1], 12), serial)

    return convert


def _free(prefix: str) -> Callable[[str], str | None]:
    """giai, ginc: CP.Reference, the reference alphanumeric."""

    def convert(body: str) -> str | None:
        parts = _split(body, 2)
        if parts is None or not _DIGITS.fullmatch(parts[0]):
            return None
        return _joined(prefix, parts[0], _escaped(parts[1]))

    return convert


def _cpi(body: str) -> str | None:
    parts = _split(body, 3)
    if parts is None or not _DIGITS.fullmatch(parts[0]):
        return None
    part = _joined("8010/", parts[0], _escaped(parts[1]))
    if parts[2] == "*":
        return part
    return _joined(part, "/8011/", parts[2] if _DIGITS.fullmatch(parts[2]) else None)


def _itip(body: str) -> str | None:
    parts = _split(body, 5)
    if parts is None or not all(len(each) == 2 and _DIGITS.fullmatch(each) for each in parts[2:4]):
        return None
    piece = _joined("8006/", _gtin(parts[0], parts[1]), parts[2], parts[3])
    return piece if parts[4] == "*" else _joined(piece, "/21/", _escaped(parts[4]))


_URN_SCHEMES: dict[tuple[str, str], Callable[[str], str | None]] = {
    ("class", "lgtin"): _item("10"),
    ("id", "sgtin"): _item("21"),
    ("id", "upui"): _item("235"),
    ("id", "sscc"): _sscc,
    ("id", "sgln"): _sgln,
    ("id", "pgln"): _numbered("417/", 12),
    ("id", "gsrn"): _numbered("8018/", 17),
    ("id", "gsrnp"): _numbered("8017/", 17),
    ("id", "gsin"): _numbered("402/", 16),
    ("id", "grai"): _serialised("8003/0"),
    ("id", "gdti"): _serialised("253/"),
    ("id", "sgcn"): _serialised("255/"),
    ("id", "giai"): _free("8004/"),
    ("id", "ginc"): _free("401/"),
    ("id", "cpi"): _cpi,
    ("id", "itip"): _itip,
    ("idpat", "sgtin"): _item_pattern,
    ("idpat", "upui"): _item_pattern,
    ("idpat", "grai"): _serialised("8003/0"),
    ("idpat", "gdti"): _serialised("253/"),
    ("idpat", "sgcn"): _serialised("255/"),
    ("idpat", "cpi"): _cpi,
    ("idpat", "itip"): _itip,
}

# --- GS1 Digital Links (GS1 Digital Link URI Syntax 1.2 and 1.1 with its short names) ---

_SHORT_NAMES = {
    "gtin": "01", "itip": "8006", "gmn": "8013", "cpid": "8010", "gln": "414", "party": "417", "gsrnp": "8017",
    "gsrn": "8018", "gcn": "255", "sscc": "00", "gdti": "253", "ginc": "401", "gsin": "402", "grai": "8003", "giai": "8004",
    "cpv": "22", "lot": "10", "ser": "21", "cpsn": "8011", "glnx": "254", "srin": "8019",
}  # fmt: skip
_TEXT = r"(?:%[0-9A-Fa-f]{2}|[!-$&-.0-;=A-Z_a-z])"
_PRIMARY = {  # primary key: what its value looks like, how many of its digits the check digit closes
    "01": (re.compile(r"[0-9]{8}|[0-9]{12,14}"), 14),
    "8006": (re.compile(r"[0-9]{18}"), 14),
    "8010": (re.compile(rf"[0-9]{{4}}{_TEXT}{{1,26}}"), 0),
    "8013": (re.compile(rf"[0-9]{{4}}{_TEXT}{{1,21}}"), 0),
    "414": (re.compile(r"[0-9]{13}"), 13),
    "417": (re.compile(r"[0-9]{13}"), 13),
    "8017": (re.compile(r"[0-9]{18}"), 18),
    "8018": (re.compile(r"[0-9]{18}"), 18),
    "255": (re.compile(r"[0-9]{13,25}"), 13),
    "00": (re.compile(r"[0-9]{18}"), 18),
    "253": (re.compile(rf"[0-9]{{13}}{_TEXT}{{0,17}}"), 13),
    "401": (re.compile(rf"[0-9]{{4}}{_TEXT}{{1,26}}"), 0),
    "402": (re.compile(r"[0-9]{17}"), 17),
    "8003": (re.compile(rf"[0-9]{{14}}{_TEXT}{{0,16}}"), 14),
    "8004": (re.compile(rf"[0-9]{{4}}{_TEXT}{{1,26}}"), 0),
}
_HAS_KEY = re.compile(f"/(?:{'|'.join([*_PRIMARY, *_SHORT_NAMES])})/")
_QUALIFIERS = {  # those of a primary key; of the ones that are kept the first that is there is the most granular
    "01": ("21", "235", "10"),
    "8006": ("21", "10"),
    "8010": ("8011",),
    "414": ("254",),
    "8017": ("8019",),
    "8018": ("8019",),
}


def _digital_link(path: str, *, trusted: bool) -> str | None:
    """The canonical path of a Digital Link, or None where the URI is none.

    On a domain other than GS1's own the key must close with its check digit: `/2026/01/20260115` is a date.
    """
    if not _HAS_KEY.search(path):
        return None
    segments = path.strip("/").split("/")
    for start in range(len(segments) - 1):
        key = _SHORT_NAMES.get(segments[start], segments[start])
        shape = _PRIMARY.get(key)
        if shape is None or not shape[0].fullmatch(segments[start + 1]):
            continue
        value, qualifiers = segments[start + 1], segments[start + 2 :]
        if key == "01":
            value = value.zfill(14)
        closed = value[: shape[1]]
        if not trusted and closed and check_digit(closed[:-1]) != closed[-1]:
            continue
        suffix = _qualifier(key, qualifiers)
        if suffix is not None:
            return f"{key}/{_ESCAPE.sub(_escape, value)}{suffix}"
    return None


def _qualifier(key: str, segments: list[str]) -> str | None:
    """The most granular qualifier as `/ai/value`, "" where there is none, None where the segments are no qualifiers."""
    names = [_SHORT_NAMES.get(name, name) for name in segments[::2]]
    known = _QUALIFIERS.get(key, ())
    if len(segments) % 2 or any(name not in known and not (name == "22" and key in {"01", "8006"}) for name in names):
        return None
    values = dict(zip(names, segments[1::2], strict=True))
    if key == "414" and values.get("254") == "0":  # an SGLN extension of 0 is no extension
        return ""
    kept = next((ai for ai in known if values.get(ai)), None)
    return "" if kept is None else f"/{kept}/{_ESCAPE.sub(_escape, values[kept])}"
