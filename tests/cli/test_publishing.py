"""Links with keys, and what serve and the settings say, from the command line."""

from contextlib import nullcontext
from pathlib import Path

import pytest

from cli import access as command
from lodestream.credentials.access import Access, lot_key, parse_qr
from runtime.settings import load
from sinks.clickhouse.trace import Link, Trace

from .conftest import Run

LOT = "https://id.gs1.org/01/09521321102026/10/K1"


def test_the_link_of_a_lot_holds_its_key(lodestream: Run, tmp_path: Path) -> None:
    said = lodestream("-s", "issuer.base_url=https://refinery.example/", "access", "urn:epc:class:lgtin:9521321.010202.K1")
    secret = tmp_path / "data" / "issuer" / "access.key"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert len(secret.read_bytes()) == 32
    key = lot_key(secret.read_bytes(), LOT)
    assert parse_qr(said.out.strip()) == Access("https://refinery.example/01/09521321102026/10/K1", key)
    (row,) = lodestream("access", "--json", LOT).rows
    assert (row["lot"], row["key"]) == (LOT, key.hex())


def test_a_secret_that_others_can_read_or_that_is_cut_is_refused(lodestream: Run, tmp_path: Path) -> None:
    lodestream("access", LOT)
    secret = tmp_path / "data" / "issuer" / "access.key"
    secret.chmod(0o644)
    said = lodestream("access", LOT)
    assert (said.code, said.out) == (2, "")
    assert "chmod 600" in said.err
    secret.chmod(0o600)
    secret.write_bytes(b"short")
    assert "backup" in lodestream("access", LOT).err


def link(site: str, lot: str) -> Link:
    fields = dict.fromkeys(Link.__struct_fields__, 0)
    return Link(**fields | {"from_site": site, "from_lot": lot, "to_site": "urn:site:a", "to_lot": LOT})  # type: ignore[arg-type]


def test_lots_upstream_at_the_site_and_no_others(lodestream: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    upstream = [link("urn:site:a", "urn:lot:1"), link("urn:site:b", "urn:lot:2"), link("urn:site:a", "urn:lot:1")]
    monkeypatch.setattr(command, "tables", lambda context: nullcontext())
    monkeypatch.setattr(command, "trace", lambda reader, lot, site: Trace([("urn:site:a", LOT)], upstream, [], complete=True))
    rows = lodestream("access", "--upstream", "--json", LOT).rows
    assert [row["lot"] for row in rows] == [LOT, "urn:lot:1"]
    assert len({row["key"] for row in rows}) == 2
    both = Trace([("urn:site:a", LOT), ("urn:site:b", LOT)], upstream, [], complete=True)
    monkeypatch.setattr(command, "trace", lambda reader, lot, site: both)
    assert "--site" in lodestream("access", "--upstream", LOT).err


def test_serve_says_where_nothing_is_published(lodestream: Run, tmp_path: Path) -> None:
    said = lodestream("serve", "--port", "0")
    assert said.code == 2
    assert "lodestream worker publication" in said.err
    assert load().publication.folder == tmp_path / "data" / "publication"
    assert load({"publication": {"folder": "/srv/www"}}).publication.folder == Path("/srv/www")
