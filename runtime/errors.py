"""What can go wrong while running, by what has to be done about it.

RunError
+-- RetryError      call the same thing again
+-- AbortError      abort the transaction, rewind, go on
+-- NotReadyError   a partition cannot be positioned at this moment; ask again, or it is taken away soon
+-- FatalError      this process must end; a new one starts from what is committed
    +-- FencedError     another process has taken this one's place
    +-- RefusedError    starting would lose or double something; a person has to decide
    +-- LockedError     another process works in this state folder
    +-- StateError      the local state cannot be read or written
"""


class RunError(Exception):
    """Root of all errors of running; `code` is stable."""

    code = "RUN"


class RetryError(RunError):
    """The call did not get through; the same call may be made again."""

    code = "RETRY"


class AbortError(RunError):
    """The transaction has failed and must be aborted. `transient`: the cause is the broker or the group, not what was written."""

    code = "ABORT"

    def __init__(self, reason: str, *, transient: bool) -> None:
        super().__init__(reason)
        self.transient = transient


class NotReadyError(RunError):
    """The partition cannot be positioned now: it is just being assigned, or just being taken away."""

    code = "NOT_READY"


class FatalError(RunError):
    """The process cannot go on. `exit_code` is what it ends with."""

    code = "FATAL"
    exit_code = 3


class FencedError(FatalError):
    """Another process with the same instance id has taken over; nothing of ours can be written any more."""

    code = "FENCED"
    exit_code = 4


class RefusedError(FatalError):
    """State, changelog and committed offset do not belong together; the message says what to do."""

    code = "REFUSED"
    exit_code = 5


class LockedError(FatalError):
    """The state folder is in use by another process of this machine."""

    code = "LOCKED"
    exit_code = 6


class StateError(FatalError):
    """The local state cannot be used: the disk is full or read-only, or (`damaged`) the files are not ours any more.

    Nothing is lost by it: the changelog holds all that was committed.
    """

    code = "STATE"
    exit_code = 7

    def __init__(self, reason: str, *, damaged: bool) -> None:
        super().__init__(reason)
        self.damaged = damaged
