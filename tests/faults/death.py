"""How a process of tests/faults/process.py ends itself."""

import os
import signal
import sys
from collections.abc import Sequence


class Death:
    """When this process is to die, and of what."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._signal, self._step, left = arguments if arguments else ("", "", "0")
        self._left = int(left)

    def at(self, step: str) -> None:
        """This step is reached; perhaps it is the last."""
        if self.due(step):
            self.die()

    def due(self, step: str) -> bool:
        """Whether this occurrence of the step is the chosen one."""
        self._left -= step == self._step
        return step == self._step and self._left == 0

    def die(self) -> None:
        """SIGKILL, or SIGSTOP: then it goes on from here when it is woken."""
        os.kill(os.getpid(), getattr(signal, f"SIG{self._signal}"))


DEATH = Death(sys.argv[2:])
