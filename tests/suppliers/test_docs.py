"""docs/suppliers.md against the code: its files can be read, its codes are those that are raised."""

import re
import tomllib
from pathlib import Path

from connectors.web.allowed import allowed
from lodestream.credentials.profile_file import parse_profile
from lodestream.ledger.bookfile import read_book
from lodestream.supplied.suppliers import parse_suppliers
from runtime.settings import Suppliers

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "suppliers.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^```toml\n# ([a-z.]+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
WORKS = "https://facility-register.example.com/fac-002"


def test_its_files_can_be_read_and_belong_together() -> None:
    listed, book = parse_suppliers(FILES["suppliers.toml"]), read_book(FILES["plant.toml"])
    assert listed.location(WORKS) in book.sites
    assert book.sites[WORKS].sources == [Suppliers().source]
    assert listed.speaks_for("did:web:sample-refinery.example.com", WORKS)
    assert next(allowed(host).host for host in listed.hosts()) == "status.refinery.example"
    assert parse_profile(FILES["profile.toml"]).facilities[WORKS].events == "none"
    assert set(tomllib.loads(FILES["tokens.toml"])) == set(listed.suppliers)
    assert set(tomllib.loads(FILES["lodestream.toml"])["suppliers"]) <= set(Suppliers.model_fields)


def test_every_setting_is_there_with_its_default() -> None:
    for name, field in Suppliers.model_fields.items():
        assert f"`suppliers.{name}`" in PAGE
        if isinstance(field.default, int):
            assert re.search(rf"`suppliers\.{name}`[^\n]*\b{field.default}\b", PAGE), name


def test_every_code_of_the_mapping_is_explained() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "lodestream" / "supplied").glob("*.py")]
    raised = {code for text in sources for code in re.findall(r'CredentialError\(\s*"([A-Z_]+)"', text)}
    told = set(re.findall(r"`([A-Z_0-9]+)`", PAGE))
    assert raised - told == {"SUPPLIERS", "SIGNATURE", "STATUS_NOT_CHECKED"}
