"""Secrets of the issuer that are no signing keys, as files: 32 random bytes, readable by their owner alone."""

import os
import secrets
import stat
from pathlib import Path

from lodestream.credentials.errors import CredentialError
from runtime.files import write_whole

SECRET_BYTES = 32


def load_or_create_secret(path: Path) -> bytes:
    """The bytes in the file, made at first use. Raises CredentialError (KEY), OSError."""
    if not path.exists():
        write_whole(path, secrets.token_bytes(SECRET_BYTES), 0o600, replace=False)  # two programs at once agree on one
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        raise CredentialError("KEY", f"{path} can be read by others (mode {mode:04o}); `chmod 600 {path}`, and consider it known")
    with path.open("rb") as file:
        data = file.read(SECRET_BYTES + 1)
    if len(data) != SECRET_BYTES:
        raise CredentialError("KEY", f"{path} does not have {SECRET_BYTES} bytes: bring it back from a backup")
    return data
