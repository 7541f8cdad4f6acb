"""A worker whose broker is away ends when it is told to, not when it has given up waiting."""

import threading
import time
from pathlib import Path

from toy import Summing

from runtime import settings as runtime_settings
from runtime.worker import make_loop


def test_it_stops_while_it_waits(tmp_path: Path) -> None:
    settings = runtime_settings.load({"kafka": {"bootstrap_servers": "127.0.0.1:9"}, "data_dir": tmp_path})
    loop = make_loop(Summing("toy", "in", "out", "log", len), settings)
    worker = threading.Thread(target=loop.run)
    worker.start()
    time.sleep(0.5)  # it waits by now; were it not, stopping would be no harder
    asked = time.monotonic()
    loop.stop()
    worker.join(20)
    assert not worker.is_alive()
    assert time.monotonic() - asked < 10
