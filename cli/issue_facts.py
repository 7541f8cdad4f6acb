"""What `lodestream issue` reads: facts about a facility from TOML, a closed period from `lodestream periods --json`."""

import json
from collections.abc import Iterable
from pathlib import Path

import msgspec
from msgspec.structs import replace

from cli.exits import Unusable
from cli.times import to_us
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.profile import IssuerProfile
from lodestream.credentials.profile_file import parse_facility
from lodestream.ledger.records import PeriodLine, PeriodState
from sinks.clickhouse.queries import PeriodRead

LARGEST_LINE = 1_000_000


def with_facts(profile: IssuerProfile, place: str, path: Path | None) -> IssuerProfile:
    """The profile with the facts about a place that a TOML file has: the fields of FacilityProfile. Raises Unusable."""
    if path is None:
        return profile
    try:
        known = parse_facility(path.read_text("utf-8"), place)
    except (CredentialError, OSError, UnicodeDecodeError) as error:
        raise Unusable(f"{path} does not say what a facility is: {error}") from error
    return replace(profile, facilities={**profile.facilities, place: known})


def read_rows(path: Path) -> list[PeriodRead]:
    """The rows of a file, one JSON object a line. Raises Unusable, which names the line."""
    rows = []
    with path.open(encoding="utf-8", errors="replace") as opened:
        for number, line in enumerate(opened, 1):
            if len(line) > LARGEST_LINE:
                raise Unusable(f"{path}, line {number} is longer than {LARGEST_LINE} characters: no row of periods is")
            if line.strip():
                try:
                    rows.append(msgspec.convert(json.loads(line), PeriodRead, strict=False))
                except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors too
                    raise Unusable(f"{path}, line {number} is no row of `lodestream periods --json`: {error}") from error
    return rows


def period_of(rows: Iterable[PeriodRead], site: str, period: str) -> PeriodState:
    """The latest version of a period of a site. Raises Unusable: the site has not closed it."""
    own = [row for row in rows if (row.site, row.period) == (site, period)]
    if not own:
        raise Unusable(f"{site} has closed no period {period}: `lodestream periods {site}` shows those that it has")
    latest = max(row.version for row in own)
    rows = [row for row in own if row.version == latest]
    lines = [
        PeriodLine(row.element, row.account_class, row.opening_mg, row.in_mg, row.out_mg, row.closing_mg, row.late_mg)
        for row in rows
        if row.element
    ]
    return PeriodState(period, latest, to_us(rows[0].begins), to_us(rows[0].ends), lines, rows[0].counted)
