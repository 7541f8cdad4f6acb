"""`lodestream issue`: credentials by hand. A facility record of an operator, an anchor of a register, an auditor's conformity."""

import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from msgspec import convert, to_builtins
from rich.text import Text

from cli.context import Context, pass_context
from cli.exits import Exit, Unusable
from cli.issue_facts import period_of, read_rows, with_facts
from cli.issuing import profile, signer
from cli.output import console
from cli.reading import tables
from cli.times import Time
from lodestream.credentials.content import Assessor, Registration, as_061, conformity, facility_record, identity_anchor, lint
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.profile import Issue, IssuerProfile, Scheme
from lodestream.credentials.securing import secure
from lodestream.epcis.identifiers import canonical_id
from lodestream.ids import derive
from runtime.harmless import harmless
from sinks.clickhouse.queries import PeriodRead

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
REGISTERS = ("product", "facility", "business", "trademark", "land", "accreditation")


def _frame(function: Callable[..., None]) -> Callable[..., None]:
    """The options that all kinds of credential have."""
    options = (
        click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="File to write."),
        click.option("--id", "credential_id", default="", help="The credential's id; without it, one below the base URL."),
        click.option("--valid-from", type=Time(), help="From when it is valid; without it, now."),
        click.option("--status-list", default="", help="URL of the status list that it has a place in."),
        click.option("--status-index", type=click.IntRange(min=0), default=0, help="Its place there."),
    )
    for option in reversed(options):
        function = option(function)
    return function


@click.group(
    epilog="\b\nExamples:\n  lodestream issue facility https://id.gs1.org/414/9521321000018 --facts plant.toml -o facility.json\n"
    "  lodestream issue identity --help"
)
def command() -> None:
    """Build, sign and write a credential with the configured key."""


@command.command(
    epilog="\b\nExample:\n  lodestream issue facility https://id.gs1.org/414/9521321000018 --facts plant.toml -o it.json"
)
@click.argument("location")
@click.option("--facts", type=FILE, help="TOML with the fields of a facility's profile (docs/content.md).")
@_frame
@pass_context
def facility(context: Context, /, location: str, facts: Path | None, output: Path, **frame: Any) -> None:
    """A facility record (UNTP DFR) of a LOCATION, as its operator tells it."""
    place = canonical_id(location)
    known = with_facts(profile(context.settings, context.book()), place, facts)
    _issue(context, known, output, "dfr", place, frame, lambda issue: facility_record(place, place, known, issue))


@command.command(
    epilog="\b\nExample:\n  lodestream issue identity --subject did:web:refinery.example --name 'Example Refinery' \\\n"
    "    --registered-id REF-001 --date 2003-09-22 --register https://register.example 'Business Register' -o anchor.json"
)
@click.option("--subject", required=True, help="The DID that the entry is about.")
@click.option("--name", required=True, help="The name in the register.")
@click.option("--registered-id", required=True, help="The number in the register.")
@click.option("--date", "registered", required=True, help="The date of registration, YYYY-MM-DD.")
@click.option("--register", nargs=2, required=True, metavar="URI NAME", help="The register's scheme of identifiers.")
@click.option("--type", "register_type", type=click.Choice(REGISTERS), default="business", help="What it is a register of.")
@click.option("--scope", multiple=True, metavar="URI", help="What the register lets the subject do; can be given again.")
@click.option("--public-information", default="", metavar="URI", help="A page of the register about the subject.")
@_frame
@pass_context
def identity(context: Context, /, subject: str, output: Path, **given: Any) -> None:
    """An identity anchor (UNTP DIA): a register says which of its entries the owner of a DID is. The issuer is the register."""
    entry = Registration(
        subject=subject,
        name=given["name"],
        registered_id=given["registered_id"],
        date=given["registered"],
        register=Scheme(*given["register"]),
        register_type=given["register_type"],
        scope=list(given["scope"]),
        public_information=given["public_information"],
    )
    known = profile(context.settings, context.book())
    _issue(context, known, output, "dia", subject, given, lambda issue: identity_anchor(entry, known, issue))


@command.command(
    "conformity",
    epilog="\b\nExamples:\n  lodestream issue conformity https://id.gs1.org/414/9521321000018 2026-03 -o march.json\n"
    "  lodestream issue conformity https://id.gs1.org/414/9521321000018 2026-03 --periods periods.jsonl \\\n"
    "    --operator did:web:refinery.example 'Example Refinery' -o march.json",
)
@click.argument("site")
@click.argument("period")
@click.option("--periods", "rows", type=FILE, help="Output of `lodestream periods --json`; without it, ClickHouse is asked.")
@click.option("--operator", nargs=2, metavar="DID NAME", help="Who runs the site: then the issuer is an auditor (3rdParty).")
@click.option("--threshold", type=str, default="2", help="What may differ, in percent of the throughput.", show_default=True)
@click.option("--verified", is_flag=True, help="The auditor checked which facility it is.")
@click.option("--facts", type=FILE, help="TOML with the fields of the facility's profile; `stocks = true` states masses.")
@_frame
@pass_context
def balance(context: Context, /, site: str, period: str, rows: Path | None, output: Path, **given: Any) -> None:
    """A conformity credential (UNTP DCC) over the balance of a closed PERIOD (2026-03) of a SITE.

    It is issued whether the balance conforms or not; exit code 1 where it does not.
    """
    here = canonical_id(site)
    state = period_of(read_rows(rows) if rows else _asked(context, here), here, period)
    operator = Scheme(*given["operator"]) if given["operator"] else None
    assessor = Assessor(
        level="3rdParty" if operator else "self",
        operator=operator,
        threshold_percent=_threshold(given["threshold"]),
        verified=given["verified"],
    )
    known = with_facts(profile(context.settings, context.book()), here, given["facts"])
    about = f"{here} {period} {state.version}"
    made = _issue(context, known, output, "dcc", about, given, lambda issue: conformity(state, here, known, issue, assessor))
    if not all(one["conformance"] for one in made["credentialSubject"]["conformityAssessment"]):
        console().print("The balance is beyond the threshold: the credential says so.", style="bold red")
        raise click.exceptions.Exit(Exit.FAULTS)


def _asked(context: Context, site: str) -> list[PeriodRead]:
    from sinks.clickhouse.queries import periods  # only where ClickHouse is asked: its client takes a while to load

    with tables(context) as reader:
        return [convert(to_builtins(row), PeriodRead) for row in periods(reader, site)]


def _threshold(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except ArithmeticError:
        value = Decimal(-1)
    if not value.is_finite() or not 0 <= value <= 100:
        raise Unusable(f"--threshold {text}: give percent from 0 to 100, such as 2 or 0.5")
    return value


def _issue(
    context: Context,
    known: IssuerProfile,
    output: Path,
    kind: str,
    about: str,
    frame: dict[str, Any],
    build: Callable[[Issue], dict[str, Any]],
) -> dict[str, Any]:
    """Build, lint, sign and write; gives what was signed, as 0.7.0."""
    at = frame["valid_from"] if frame["valid_from"] is not None else time.time_ns() // 1000
    credential_id = frame["credential_id"] or known.credential_id(kind, derive(kind, known.did, about, str(at)))
    try:
        built = build(Issue(credential_id, at, frame["status_list"], frame["status_index"]))
        faults = lint(built)
        if faults:
            raise CredentialError("OUTCOME", f"{faults[0].pointer} {faults[0].sentence} ({faults[0].clause})")
        said = as_061(built) if known.untp == "0.6.1" else built
        output.write_bytes(secure(said, signer(context.settings), known.securing, at))
    except CredentialError as error:
        raise Unusable(f"the credential cannot be issued: {error}") from error
    except OSError as error:
        raise Unusable(f"{output}: {error.strerror or error}") from error
    console().print(Text(harmless(f"{built['name']}: {credential_id} in {output}")), soft_wrap=True)
    return built
