"""An environment for what is measured beside us and must not mix with us: Quix Streams pins an older confluent-kafka."""

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "benchmarks" / "constraints.txt"


def rival_python() -> Path:
    """The Python of the environment below .cache, which is made at the first call and again when what it needs has changed."""
    needs = (ROOT / "pyproject.toml").read_bytes() + CONSTRAINTS.read_bytes()
    folder = ROOT / ".cache" / "rivals" / hashlib.sha256(needs).hexdigest()[:16]
    python, done = folder / "bin" / "python", folder / "done"
    if not done.exists():
        print(f"Making the environment of the rivals in {folder} (once; a minute) ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, "-e", f"{ROOT}[bench]", "-c", CONSTRAINTS], check=True)
        done.touch()
    return python
