"""Run a program of ours on topics and consumer groups of its own, so that many runs stand side by side on one broker.

    python -m benchmarks.under TOPICS GROUPS module argument ...

The program is not changed: before any of its modules is loaded, every topic gets the prefix TOPICS and every group the prefix
GROUPS. Transactional ids and state folders are the instance's already.
"""

import runpy
import sys
from typing import Any

import schemas.topics
from runtime import clients

NAMES = ("INBOX", "REJECTED", "ENTRIES", "TRANSACTIONS", "LOTS", "CREDENTIALS", "CREDENTIAL_STATUS", "SKIPS")
CHANGELOGS = ("LEDGER_CHANGELOG", "ISSUER_CHANGELOG")


def rename_topics(prefix: str) -> None:
    """Give every topic of the catalogue the prefix; to be called before the modules that import their names."""
    for name in (*NAMES, *CHANGELOGS):
        setattr(schemas.topics, name, f"{prefix}.{getattr(schemas.topics, name)}")
    schemas.topics.INBOX_PATTERN = f"^{prefix}\\.{schemas.topics.INBOX_PATTERN.removeprefix('^')}"


def rename_groups(prefix: str) -> None:
    """Give every consumer group the prefix."""
    consumer = clients.consumer

    def renamed(settings: Any, group: str, **more: Any) -> Any:
        return consumer(settings, f"{prefix}.{group}", **more)

    clients.consumer = renamed


def main(topics: str, groups: str, module: str, *arguments: str) -> None:
    """Rename, then run the module as a program."""
    rename_topics(topics)
    rename_groups(groups)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
