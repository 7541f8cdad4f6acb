"""A failing history made small, and written down so that it can be read."""

from collections.abc import Callable

from lodestream.epcis.event import Event


def shrunk(events: list[Event], fails: Callable[[list[Event]], bool]) -> list[Event]:
    """Leave out events one by one as long as it still fails."""
    again = True
    while again:
        again = False
        for n in reversed(range(len(events))):
            fewer = events[:n] + events[n + 1 :]
            if fails(fewer):
                events, again = fewer, True
    return events


def written(event: Event) -> str:
    """An event in a few lines: what, where, which lots with mass, moisture and assays."""
    to = " -> " + ", ".join(d.id for d in event.destinations) if event.destinations else ""
    named = [event.consignment_id, event.receipt, event.transformation_id, "close" if event.campaign_close else None]
    if event.error_declaration is not None:
        named.append(f"declared in error, correctives {event.error_declaration.corrective_event_ids}")
    head = (
        f"{event.event_id}: {event.type} {event.action or ''} {event.biz_step or ''} at {event.read_point or event.biz_location}"
    )
    lines = [f"{head}{to} {' '.join(n for n in named if n)}"]
    masses = {q.epc_class: q.quantity for q in [*event.quantities, *event.input_quantities, *event.output_quantities]}
    for m in event.materials:
        assays = ", ".join(
            [f"{a.substance} {a.value} %" for a in m.assays] + [f"{c.element} {c.mass} {c.uom}" for c in m.contained]
        )
        moisture = "" if m.moisture_percent is None else f" at {m.moisture_percent} % water"
        lines.append(f"    {m.role} {m.id} {masses.get(m.id)} {m.mass_basis or ''}{moisture} {assays} {m.loss_class or ''}")
    return "\n".join(lines)
