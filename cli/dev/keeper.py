"""Keeps the workers running: one that dies is started again, one that dies again and again ends it all, with the reason."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from rich.text import Text

from cli.exits import Exit, Unreachable
from cli.local.processes import Death, Workers

DEATHS_MAX = 5
WITHIN_SECONDS = 120.0
WAITS = (0.0, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each start after a death: at once, then ever more patiently."""

REFUSED = 5
HOPELESS = frozenset({int(Exit.USAGE), REFUSED})
"""Exit codes of a worker after which starting it again changes nothing: wrong settings, and what a person has to decide."""

Say = Callable[[Text], None]


@dataclass(slots=True)
class Keeper:
    """Looks after the workers that it has started. `say` is told of every death and every new start."""

    workers: Workers
    say: Say
    clock: Callable[[], float] = time.monotonic
    _deaths: dict[str, list[float]] = field(default_factory=dict)
    _due: dict[str, float] = field(default_factory=dict)

    def look(self) -> None:
        """Start again what has died, when its time has come. Raises Unreachable where that makes no sense any more."""
        for death in self.workers.died():
            self._mourn(death)
        for name, due in [*self._due.items()]:
            if self.clock() >= due:
                del self._due[name]
                self.say(Text.assemble(("✓ ", "green"), (name, "bold"), f" started again, process {self.workers.start(name)}"))

    def _mourn(self, death: Death) -> None:
        now = self.clock()
        deaths = [when for when in self._deaths.get(death.name, ()) if now - when < WITHIN_SECONDS] + [now]
        self._deaths[death.name] = deaths
        if death.code in HOPELESS:
            raise Unreachable(f"{death}\nStarting it again would change nothing.")
        if len(deaths) > DEATHS_MAX:
            times = f"It has died {len(deaths)} times in {WITHIN_SECONDS:.0f} s and is not started again."
            raise Unreachable(f"{death}\n{times}")
        wait = WAITS[len(deaths) - 1]
        when = f"in {wait:.0f} s" if wait else "now"
        said = f" {death.how}; it is started again {when} (death {len(deaths)} of at most {DEATHS_MAX})"
        self._due[death.name] = now + wait
        self.say(Text.assemble(("✗ ", "bold red"), (death.name, "bold"), said))
