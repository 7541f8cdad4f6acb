"""What the command line asks: named questions with typed answers, read from the views of `lodestream`.

Every function takes a Reader (readside.open_reader) and raises QueryError. Masses are integers in mg; times are aware, in UTC.
"""

from collections.abc import Collection
from datetime import datetime
from typing import TypeVar

import msgspec
from msgspec import Struct

from sinks.clickhouse.readonly import Parameters, Reader

T = TypeVar("T", bound=Struct)
ALL = ""
ROWS_MAX = 100_000


class Balance(Struct, frozen=True):
    """The balance of one account."""

    site: str
    element: str
    account: str
    account_kind: str
    balance_mg: int
    legs: int
    last_seq: int


class SiteBalance(Struct, frozen=True):
    """Where the metal of one site is: entered = the sum of all the others."""

    site: str
    element: str
    entered_mg: int
    stock_mg: int
    wip_mg: int
    transit_mg: int
    custody_mg: int
    losses_mg: int
    unaccounted_mg: int
    transit_variance_mg: int
    adjustments_mg: int
    left_mg: int


class LotRead(Struct, frozen=True):
    """The latest version of a lot."""

    site: str
    lot: str
    seq: int
    wet_mg: int
    dry_mg: int
    assayed: bool
    contained_mg: dict[str, int]
    u_mg: dict[str, int]
    created: datetime
    loss_class: str
    product_class: str
    owner: str
    country_of_origin: str
    findings: list[str]
    inherited: list[str]
    parents: list[str]
    shares: dict[str, dict[str, int]]
    embodied_g_co2e: int
    uncovered_mg: int
    contacts: list[str]


class PeriodRead(Struct, frozen=True):
    """One class of accounts of a closed period: opening + late + in - out = closing. Without an element nothing was posted."""

    site: str
    period: str
    version: int
    begins: datetime
    ends: datetime
    counted: bool
    element: str
    account_class: str
    opening_mg: int
    late_mg: int
    in_mg: int
    out_mg: int
    closing_mg: int


class FindingRead(Struct, frozen=True):
    """A finding with its latest state."""

    site: str
    finding_id: str
    rule: str
    code: str
    version: int
    severity: str
    state: str
    inputs: list[str]
    arithmetic: str
    lots: list[str]
    event_id: str
    opened: datetime
    changed: datetime


class CredentialRead(Struct, frozen=True):
    """A credential with its latest status."""

    credential_id: str
    kind: str
    site: str
    issuer: str
    txn_id: str
    lots: list[str]
    valid_from: datetime
    status: str
    status_reason: str
    sha256: str


class RejectionRead(Struct, frozen=True):
    """A refusal of the gate, without the payload."""

    code: str
    message: str
    pointer: str
    event_index: int | None
    event_id: str
    source: str
    inbox_topic: str
    inbox_partition: int
    inbox_offset: int
    record_time: datetime


class Counts(Struct, frozen=True):
    """How much there is; `outcomes` by name."""

    entries: int
    events: int
    outcomes: dict[str, int]
    postings: int
    lots: int
    open_findings: dict[str, int]
    rejections: int
    credentials: int
    dead_letters: int


def balances(reader: Reader, site: str | None = None, *, zeros: bool = False) -> list[Balance]:
    """The accounts of a site, or of all; those at zero only if asked for."""
    where = "1" if zeros else "balance_mg != 0"
    return _read(reader, Balance, f"account_balances WHERE {where} AND {_SITE} ORDER BY site, element, account", _site(site))


def balances_at(reader: Reader, as_of_us: int | None, about_us: int | None, site: str | None = None) -> list[Balance]:
    """The accounts that were not at zero, as known at `as_of_us` (record time) about `about_us` (valid time), both inclusive.

    In microseconds since 1970; None: without bound. The same answer as lodestream.audit.asof.balances.
    """
    given = {name: us for name, us in (("record_time", as_of_us), ("valid_time", about_us)) if us is not None}
    where = " AND ".join([f"{name} <= fromUnixTimestamp64Micro({{{name}:Int64}}, 'UTC')" for name in given] + [_SITE])
    rest = (
        "site, element, account, any(account_kind) AS account_kind, sum(toInt128(amount_mg)) AS balance_mg, count() AS legs,"
        f" max(txn_seq) AS last_seq FROM lodestream.postings WHERE {where} GROUP BY site, element, account"
        f" HAVING balance_mg != 0 ORDER BY site, element, account LIMIT {ROWS_MAX:d}"
    )
    result = reader.query(f"SELECT {rest}", {**given, **_site(site)})
    return [msgspec.convert(row, Balance, strict=True) for row in result.dicts()]


def site_balances(reader: Reader, site: str | None = None) -> list[SiteBalance]:
    """Where the metal is, by site and element."""
    return _read(reader, SiteBalance, f"site_balances WHERE {_SITE} ORDER BY site, element", _site(site))


def lots(reader: Reader, site: str | None = None, *, empty: bool = False) -> list[LotRead]:
    """The lots of a site, or of all; those that are used up only if asked for."""
    where = "1" if empty else "(dry_mg != 0 OR notEmpty(contained_mg))"
    return _read(reader, LotRead, f"current_lots WHERE {where} AND {_SITE} ORDER BY site, lot", _site(site))


def makers(reader: Reader, classes: Collection[str]) -> list[str]:
    """The sites that had a lot of one of these product classes, or with lead."""
    made = "has(splitByChar(' ', {classes:String}), product_class) OR mapContains(contained_mg, 'Pb')"
    result = reader.query(f"SELECT DISTINCT site FROM lodestream.lots WHERE {made}", {"classes": " ".join(classes)})  # noqa: S608
    return sorted(str(site) for (site,) in result.rows)


def periods(reader: Reader, site: str, *, versions: bool = False) -> list[PeriodRead]:
    """The closed periods of a site by account class: the latest version of each, or all."""
    view = "period_versions" if versions else "periods"
    return _read(reader, PeriodRead, f"{view} WHERE {_SITE} ORDER BY period, version, element, account_class", _site(site))


def findings(
    reader: Reader, site: str | None = None, *, state: str | None = "open", severity: str | None = None, code: str | None = None
) -> list[FindingRead]:
    """Findings, the open ones unless asked for others; the gravest first, then the latest."""
    given = {"state": state or ALL, "severity": severity or ALL, "code": code or ALL}
    where = " AND ".join(f"({{{name}:String}} = '' OR {name} = {{{name}:String}})" for name in given)
    order = "indexOf(['hard', 'hold', 'warn', 'info'], toString(severity)), opened DESC, finding_id"
    return _read(reader, FindingRead, f"findings WHERE {where} AND {_SITE} ORDER BY {order}", {**given, **_site(site)})


def credentials(reader: Reader, site: str | None = None, *, lot: str | None = None) -> list[CredentialRead]:
    """Credentials of a site or of all, or those about a lot; the latest first."""
    where = f"({{lot:String}} = '' OR has(lots, {{lot:String}})) AND {_SITE}"
    return _read(
        reader,
        CredentialRead,
        f"credentials WHERE {where} ORDER BY record_time DESC, credential_id",
        {"lot": lot or ALL, **_site(site)},
    )


def envelope(reader: Reader, credential_id: str) -> str | None:
    """The credential as it was published; None where there is none of this id."""
    rows = reader.query(
        "SELECT envelope FROM lodestream.credentials WHERE credential_id = {id:String}", {"id": credential_id}
    ).rows
    return str(rows[0][0]) if rows else None


def rejections(reader: Reader, source: str | None = None, limit: int = 1000) -> list[RejectionRead]:
    """What the gate refused, the latest first."""
    where = "({source:String} = '' OR source = {source:String})"
    rest = f"rejections WHERE {where} ORDER BY record_time DESC, inbox_offset DESC, event_index"
    return _read(reader, RejectionRead, rest, {"source": source or ALL}, limit)


def counts(reader: Reader) -> Counts:
    """How much there is of everything."""

    def count(view: str) -> int:
        return int(reader.query(f"SELECT count() FROM lodestream.{view}").value())  # noqa: S608  # our own names

    def count_by(view: str, column: str) -> dict[str, int]:
        rows = reader.query(f"SELECT {column}, count() FROM lodestream.{view} GROUP BY {column} ORDER BY {column}").rows  # noqa: S608  # our own names
        return {str(name): int(number) for name, number in rows}

    return Counts(
        entries=count("entries"),
        events=count("events"),
        outcomes=count_by("transactions", "outcome"),
        postings=count("postings"),
        lots=count("current_lots"),
        open_findings=count_by("open_findings", "severity"),
        rejections=count("rejections"),
        credentials=count("credentials"),
        dead_letters=count("dead_letters"),
    )


_SITE = "({site:String} = '' OR site = {site:String})"


def _site(site: str | None) -> dict[str, str]:
    return {"site": site or ALL}


def _read(reader: Reader, kind: type[T], rest: str, parameters: Parameters, limit: int = ROWS_MAX) -> list[T]:
    """The columns that the Struct names, from a view."""
    columns = ", ".join(kind.__struct_fields__)
    result = reader.query(f"SELECT {columns} FROM lodestream.{rest} LIMIT {limit:d}", parameters)  # noqa: S608  # our own names
    return [msgspec.convert(row, kind, strict=True) for row in result.dicts()]
