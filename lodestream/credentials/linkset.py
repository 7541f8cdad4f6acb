"""Linksets: from the identifier of a lot or a place to the credentials about it (RFC 9264, UNTP 0.7 Identity Resolver).

A linkset is a set: merging is idempotent and in no order, so whoever replays the same records in any order gets the same bytes.
"""

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from lodestream.credentials.access import ANONYMOUS_ROLE, ENCRYPTION_METHOD, locked_url
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import parse_object, write
from lodestream.credentials.record import CredentialRecord
from lodestream.epcis.identifiers import DOMAIN, canonical_id

MEDIA_TYPE = "application/linkset+json"
FILE = "linkset.json"
"""The name of the static file below an anchor's path."""
CREDENTIAL_TYPE = "application/vc"
"""What is served of a public credential: a VCDM 2.0 document, secured by an envelope or by a proof in it."""
LOCKED_TYPE = "application/json"
LANGUAGE = "en"
OLD = "predecessor-version"
"""The relation (RFC 5829) of what was replaced or revoked."""
KINDS = {
    "DigitalProductPassport": ("dpp", "Digital Product Passport"),
    "DigitalFacilityRecord": ("dfr", "Digital Facility Record"),
    "DigitalIdentityAnchor": ("dia", "Digital Identity Anchor"),
    "DigitalConformityCredential": ("dcc", "Digital Conformity Credential"),
    "DigitalTraceabilityEvent": ("dte", "Digital Traceability Event"),
}
"""UNTP types, their link relations, and their names. In the order in which one of them is the default of an identifier."""
LINK_TYPES = "https://test.uncefact.org/vocabulary/linkTypes/"
"""The namespace of the link types in UNTP credentials."""
MANY_CONTEXTS = 1_000
MANY_LINKS = 10_000
"""A stranger's linkset with more anchors or links than this is not read."""

_SEGMENT = r"(?!\.)(?:[0-9A-Za-z_.~;='!()*+,:@&$-]|%(?!2E|2F|5C|7F)[2-7][0-9A-F]){1,200}"
_PATH = re.compile(rf"/[0-9]{{2,4}}/{_SEGMENT}(?:/[0-9]{{2,4}}/{_SEGMENT})?")
_GS1 = re.compile(r"/[0-9]{2,4}(?:/|$)")
_HASHED = re.compile(r"/id/[0-9a-f]{32}")
_RELATION = re.compile(r"[a-z-]{1,100}|https?://[a-zA-Z0-9./]{1,500}")


class Link(Struct, frozen=True, rename="camel", omit_defaults=True, order=True):
    """A target attribute object (RFC 9264 section 4.2.3) with UNTP's additions. `href` is absolute, `hreflang` BCP 47."""

    href: str
    title: str
    type: str = ""
    hreflang: tuple[str, ...] = ()
    rel: tuple[str, ...] = ()
    encryption_method: str = ""
    access_role: tuple[str, ...] = ()

    @property
    def old(self) -> bool:
        """Whether another took its place, or it was revoked."""
        return OLD in self.rel

    def superseded(self) -> "Link":
        """The same link, to what is old now."""
        return replace(self, rel=tuple(sorted({*self.rel, OLD})))


class Context(Struct, frozen=True):
    """The links of one anchor, by relation."""

    anchor: str
    links: dict[str, tuple[Link, ...]]


class Linkset(Struct, frozen=True):
    """What is known of some anchors."""

    contexts: tuple[Context, ...] = ()


class Placed(Struct, frozen=True):
    """One link of a record: what it is about, its relation to that, and the link."""

    identifier: str
    relation: str
    link: Link


# --- where an identifier's linkset is ------------------------------------------------------------------------------------------


def anchor_path(identifier: str) -> str:
    """The path, below a resolver's root, of an identifier in any spelling; `linkset.json` is below it.

    The path of a GS1 Digital Link (`/01/09521321102026/10/K1`); for any other URI, and for what no file name can hold, `/id/`
    and the first 32 hex digits of its SHA-256.
    """
    canonical = canonical_id(identifier)
    path = canonical.removeprefix(DOMAIN.rstrip("/"))
    if path != canonical and _PATH.fullmatch(path):
        return path
    return f"/id/{sha256(canonical.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def anchor(identifier: str, root: str) -> str:
    """What a linkset calls the identifier: itself where it is an http(s) URL, else its address at the resolver `root`."""
    canonical = canonical_id(identifier)
    return canonical if re.match(r"https?://[a-zA-Z0-9./]", canonical) else root.rstrip("/") + anchor_path(identifier)


def path_of_request(path: str) -> str:
    """The anchor path that the raw path of a request means, in any spelling of Digital Link."""
    return path if _HASHED.fullmatch(path) else anchor_path(DOMAIN.rstrip("/") + path)


def is_malformed(path: str) -> bool:
    """Whether the path claims to be a GS1 Digital Link and is none: an unknown key, a wrong length, a wrong check digit."""
    identifier = "https://resolver.invalid" + path  # on GS1's own domain check digits are not looked at
    return _GS1.match(path) is not None and canonical_id(identifier) == identifier


def levels(path: str) -> list[str]:
    """An anchor path and the less granular ones above it: of a lot or an item, the product."""
    steps = path.split("/")
    return [path, "/".join(steps[:3])] if len(steps) > 3 and steps[1] != "id" else [path]


# --- building and merging ------------------------------------------------------------------------------------------------------


def placed(record: CredentialRecord) -> list[Placed]:
    """The links of an issued credential, as long as it is neither revoked nor replaced.

    To each lot that it is about, and to its facility where it speaks of one as a whole. A private one is linked by the locked
    copy of each lot, under the name of its type: its own name is for those who can open it.
    """
    if record.kind not in KINDS:
        return []
    relation, name = KINDS[record.kind]
    if record.access == "private":
        return [
            Placed(
                lot,
                relation,
                Link(locked_url(record.id, lot), name, LOCKED_TYPE, (LANGUAGE,), (), ENCRYPTION_METHOD, (ANONYMOUS_ROLE,)),
            )
            for lot in record.about
        ]
    whole = [record.facility] if record.facility and relation in ("dfr", "dcc", "dia") else []
    link = Link(record.id, record.name or name, CREDENTIAL_TYPE, (LANGUAGE,))
    return [Placed(identifier, relation, link) for identifier in dict.fromkeys([*record.about, *whole])]


def linkset(name: str, links: Iterable[tuple[str, Link]]) -> Linkset:
    """The linkset of one anchor from its links with their relations."""
    return merge(*(Linkset((Context(name, {relation: (link,)}),)) for relation, link in links))


def merge(*linksets: Linkset) -> Linkset:
    """All that any of them says. Links of one anchor and relation to one target are one, with the relations of all of them."""
    found: dict[str, dict[str, dict[str, Link]]] = {}
    for context in (context for each in linksets for context in each.contexts):
        relations = found.setdefault(context.anchor, {})
        for relation, links in context.links.items():
            targets = relations.setdefault(relation, {})
            for link in links:
                targets[link.href] = _joined(targets.get(link.href, link), link)
    return Linkset(
        tuple(
            Context(name, {relation: tuple(sorted(targets.values())) for relation, targets in sorted(relations.items())})
            for name, relations in sorted(found.items())
        )
    )


def _joined(one: Link, other: Link) -> Link:
    """One link of two to the same target: the relations of both, all else from the one that is later in order."""
    bare = max(replace(one, rel=()), replace(other, rel=()))
    return replace(bare, rel=tuple(sorted({*one.rel, *other.rel})))


def to_bytes(document: Linkset) -> bytes:
    """The document (RFC 9264 section 4.2); the same set gives the same bytes."""
    return write({"linkset": [{"anchor": each.anchor, **each.links} for each in document.contexts]}) + b"\n"


# --- reading and choosing ------------------------------------------------------------------------------------------------------


def parse(data: bytes) -> Linkset:
    """A linkset document, whoever's: relations of UNTP 0.6 (`untp:dpp`) count as those of 0.7 (`dpp`).

    Raises CredentialError (LINKSET, and those of the JSON reader).
    """
    raw = parse_object(data, "the linkset")
    contexts = raw.get("linkset")
    if not isinstance(contexts, list) or len(contexts) > MANY_CONTEXTS:
        raise CredentialError("LINKSET", f"a linkset document has a list `linkset` of at most {MANY_CONTEXTS} contexts")
    read = [_context(each) for each in contexts]
    if sum(len(links) for each in read for links in each.links.values()) > MANY_LINKS:
        raise CredentialError("LINKSET", f"the linkset has more than {MANY_LINKS} links")
    return Linkset(tuple(read))


def relation_of(link_type: str) -> str:
    """A link type as a relation: `untp:dpp` and `https://test.uncefact.org/vocabulary/linkTypes/dpp` are `dpp`."""
    return re.sub(r"^(?:untp:|https?://[^?#]*/linkTypes?/)", "", link_type)


def choose(contexts: Sequence[Linkset], link_type: str = "", language: str = "") -> Link | None:
    """The one link that a resolver redirects to (UNTP 0.7, Resolver Service Workflow); None: there are several, or none.

    `contexts` from the most granular on. The nearest with a link of the type counts; where none has one, or no type is asked
    for, the default does, which is never encrypted: whoever scans a code without a key is to see something. What was replaced or
    revoked counts where there is nothing else, and encrypted after public.
    """
    wanted = relation_of(link_type)
    for relation in [wanted] if wanted else []:
        for each in contexts:
            if links := _of(each, relation):
                return _single(links, language)
    for each in contexts:
        for relation, _ in KINDS.values():
            if links := [link for link in _of(each, relation) if not link.encryption_method]:
                return _single(links, language)
    return None


def _of(document: Linkset, relation: str) -> list[Link]:
    return [link for context in document.contexts for link in context.links.get(relation, ())]


def _single(links: list[Link], language: str) -> Link | None:
    current = [link for link in links if not link.old] or links
    public = [link for link in current if not link.encryption_method] or current
    spoken = [link for link in public if language and language in link.hreflang] or public
    return spoken[0] if len(spoken) == 1 else None


def _context(raw: Any) -> Context:
    if not isinstance(raw, dict) or not isinstance(raw.get("anchor"), str):
        raise CredentialError("LINKSET", "a context of the linkset has no anchor")
    links: dict[str, tuple[Link, ...]] = {}
    for name, targets in raw.items():
        relation = relation_of(name)
        if _RELATION.fullmatch(relation) and name not in ("anchor", "description") and isinstance(targets, list):
            links[relation] = (*links.get(relation, ()), *(_link(each) for each in targets))
    return Context(raw["anchor"], links)


def _link(raw: Any) -> Link:
    href = raw.get("href") if isinstance(raw, dict) else None
    if not isinstance(href, str) or not re.match(r"https?://", href):
        raise CredentialError("LINKSET", "a link of the linkset has no http(s) href")
    return Link(
        href,
        _text(raw.get("title")),
        _text(raw.get("type")),
        _texts(raw.get("hreflang")),
        _texts(raw.get("rel")),
        _text(raw.get("encryptionMethod")),
        _texts(raw.get("accessRole")),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> tuple[str, ...]:
    """A list of texts; a single one counts as a list of one."""
    return tuple(each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str))


# --- the resolver's own description --------------------------------------------------------------------------------------------


def resolver_description(name: str, root: str) -> bytes:
    """`/.well-known/resolver` (ISO/IEC 18975): who resolves identifiers below `root`, and with which link types."""
    return (
        write(
            {
                "name": name,
                "resolverRoot": root.rstrip("/"),
                "supportedLinkType": [{"namespace": LINK_TYPES, "prefix": "untp:"}],
                "supportedPrimaryKeys": ["all"],
                "linkTypeDefaultCanBeLinkset": True,
            }
        )
        + b"\n"
    )
