"""From what a walk saw to its report: statuses, the graph, and every rule over it."""

from collections.abc import Sequence

from lodestream.credentials.errors import CredentialError
from lodestream.credentials.policy import DEFAULT_POLICIES, Policy, is_ended
from lodestream.credentials.status import StatusEntry
from lodestream.credentials.walk import masses, parties
from lodestream.credentials.walk.claims import claims
from lodestream.credentials.walk.facts import Graph, Seen
from lodestream.credentials.walk.machine import Walk
from lodestream.credentials.walk.outcomes import Finding, Visited, WalkReport
from lodestream.credentials.walk.ports import Absent, Limits, Patience, Sources, always
from lodestream.credentials.walk.shares import shares
from lodestream.credentials.walk.trust import Trust

RULES = (
    parties.identities,
    parties.assessors,
    parties.operators,
    parties.zones,
    claims,
    masses.told_alike,
    masses.drawn_twice,
    shares,
    parties.places,
)


def walk(
    start: bytes | str,
    sources: Sources,
    trust: Trust,
    limits: Limits | None = None,
    now_us: int = 0,
    *,
    policies: Sequence[Policy] = DEFAULT_POLICIES,
    keys: Sequence[bytes] = (),
    patience: Patience = always,
    digest: str = "",
) -> WalkReport:
    """Walk from a credential (its bytes) or a URL to primary production, and judge what was seen (UNTP trust graphs, steps 1-8).

    `now_us` is the time of asking (µs since 1970), `keys` open locked copies, `patience` is asked before each fetch whether to
    go on, `digest` is what a QR code states of the start (digestMultibase, in the clear). Raises nothing for anything that a
    source gives.
    """
    machine = Walk(start, trust, limits or Limits(), now_us, policies, keys, digest)
    while (url := machine.wants()) is not None:
        if not patience():
            machine.stop("time")
        else:
            machine.give(url, sources.get(url))
    return report_of(machine, trust)


def report_of(machine: Walk, trust: Trust) -> WalkReport:
    """The report of a walk at its end."""
    ended = [finding for seen, entry in machine.entries if (finding := _ended(machine, seen, entry)) is not None]
    gone = {finding.about for finding in ended if finding.outcome == "revoked"}
    graph = Graph((seen for seen in machine.proven if seen.id not in gone), machine.first)
    findings = [*machine.findings, *ended, *(finding for rule in RULES for finding in rule(graph, trust))]
    computed = masses.balances(graph, trust)
    wrong, unknown = masses.judged(computed)
    unlike, unanswered = masses.shipments(graph, trust)
    findings += wrong + unlike + masses.upstream(graph, machine.trail.starts, machine.withheld, machine.absent)
    findings += [
        Finding(
            "missing upstream", "DEPTH", key, f"It lies more than {machine.limits.depth} steps upstream; it was not looked for."
        )
        for key in machine.trail.too_deep
    ]
    if not machine.visited:
        findings.append(_nothing(machine))
    return WalkReport(
        start=machine.start,
        visited=_told(machine.visited, gone),
        findings=sorted(set(findings)),
        notes=sorted({*machine.notes, *unknown, *unanswered}),
        balances=sorted(computed, key=lambda balance: (balance.event, balance.of)),
        accepted=list(trust.accept),
        stopped=machine.stopped,
    )


def _ended(machine: Walk, seen: Seen, entry: StatusEntry) -> Finding | None:
    """Whether the issuer has ended a credential; a status that cannot be known is a failure, not a pass."""
    found = machine.lists.get(entry.list_url)
    try:
        if isinstance(found, Absent):
            raise CredentialError("STATUS_RETRIEVAL_ERROR", f"the status list {entry.list_url} cannot be had: {found}")
        if is_ended(seen.issuer, entry, found):
            return Finding("revoked", "STATUS", seen.id, f"Its issuer has set its {entry.purpose} in {entry.list_url}.")
    except CredentialError as error:
        return Finding("failed", error.code, seen.id, f"Its status is not known: {error}.")
    return None


def _nothing(machine: Walk) -> Finding:
    reasons = sorted({str(each) for each in machine.absent.get(machine.start, [])})
    if machine.start in machine.withheld:
        return Finding("withheld", "START", machine.start, "It is encrypted, and none of the keys opens it.")
    return Finding(
        "missing upstream", "START", machine.start, f"What to start from cannot be had: {'; '.join(reasons) or 'nothing'}."
    )


def _told(visited: list[Visited], gone: set[str]) -> list[Visited]:
    """The start first, all others by id."""
    marked = [
        Visited(each.url, each.id, each.kind, each.name, each.issuer, "revoked" if each.id in gone else each.outcome, each.checks)
        for each in visited
    ]
    return marked[:1] + sorted(marked[1:], key=lambda each: (each.id, each.url))
