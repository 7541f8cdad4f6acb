"""`lodestream verify` with a walk, from the command line, on saved worlds."""

import json
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pytest

from cli.exits import Unusable
from cli.page import page
from cli.verifying import keys_of, start_of
from connectors.web.folder import Saving
from lodestream.credentials.access import Access, lock, qr_text
from tests.cli.conftest import Run, lodestream  # noqa: F401  # the fixture
from tests.walk.chain import ACCREDITOR, MINE, NOW_US, PACK, REGISTER, START, Chain, World, signer, walked

TRUST_FILE = f'''
resolvers = ["https://resolver.example"]
[[registers]]
did = "{REGISTER}"
[[accreditors]]
did = "{ACCREDITOR}"
[tolerance]
percent = 2.0
'''


def saved(world: World, folder: Path, *starts: str) -> None:
    """The world as a folder, with whatever walks from these starts ask for."""
    asked = World({})
    saving = Saving(world, folder)
    asked.get = saving.get  # type: ignore[method-assign]
    for start in starts:
        walked(asked, start)
    saving.close()


def files(chain: Chain) -> World:
    world = chain.publish()
    saved(world, Path("saved"), START, "https://resolver.example/01/09521234000037/10/P1")
    passport = world.places[START]
    assert isinstance(passport, bytes)
    Path("passport.json").write_bytes(passport)
    Path("trust.toml").write_text(TRUST_FILE)
    return world


def test_an_honest_chain_is_verified_from_a_file_and_a_link(lodestream: Run) -> None:  # noqa: F811
    files(Chain())
    said = lodestream("verify", "--trust", "trust.toml", "--offline", "saved", "passport.json")
    assert said.code == 0, said.out
    assert said.out.startswith("VERIFIED")
    assert "98.88 %" in said.out
    (row,) = lodestream("verify", "--trust", "trust.toml", "--offline", "saved", "--json", START).rows
    assert (row["verified"], row["outcomes"], len(row["credentials"])) == (True, ["verified"], 14)


def test_without_a_trust_file_nobody_is_anchored(lodestream: Run) -> None:  # noqa: F811
    files(Chain())
    said = lodestream("verify", "--offline", "saved", "--json", START)
    assert said.code == 1
    assert said.rows[0]["outcomes"] == ["unaccredited assessor", "unanchored identity"]


def test_a_saved_walk_is_saved_again_alike(lodestream: Run) -> None:  # noqa: F811
    files(Chain())
    assert lodestream("verify", "--trust", "trust.toml", "--offline", "saved", "--save", "again", START).code == 0
    assert lodestream("verify", "--trust", "trust.toml", "--offline", "again", START).code == 0
    assert lodestream("verify", "--trust", "trust.toml", "--offline", "again", PACK).code == 0


def test_a_key_in_a_qr_code_opens_what_is_locked(lodestream: Run) -> None:  # noqa: F811
    key = bytes(range(32))
    chain = Chain()
    chain.locked = lambda url: url == "https://battery.example/dte"
    world = chain.publish()
    told = world.places["https://battery.example/dte"]
    assert isinstance(told, bytes)
    world.places["https://battery.example/dte"] = lock(told, key)
    saving = Saving(world, Path("saved"))
    for url in world.places:
        saving.get(url)
    saving.close()
    Path("trust.toml").write_text(TRUST_FILE)
    link = qr_text(Access("https://resolver.example/01/09521234000037/10/P1", key))
    given = ("verify", "--trust", "trust.toml", "--offline", "saved", "--json")
    assert lodestream(*given, link).code == 0
    without = lodestream(*given, link.partition("?")[0])
    assert (without.code, without.rows[0]["outcomes"]) == (1, ["withheld"])
    Path("key").write_text(key.hex() + "\n")
    assert lodestream(*given, "--key", "@key", link.partition("?")[0]).code == 0
    assert lodestream(*given, "--key", key.hex(), link.partition("?")[0]).code == 0


def test_a_link_that_states_a_digest_is_held_to_it(lodestream: Run) -> None:  # noqa: F811
    key = bytes(32)
    world = Chain().publish()
    clear = world.places[START]
    assert isinstance(clear, bytes)
    world.places[START] = lock(clear, key)
    saving = Saving(world, Path("saved"))
    for url in world.places:
        saving.get(url)
    saving.close()
    Path("trust.toml").write_text(TRUST_FILE)
    for digest, code in ((sha256(clear).hexdigest(), 0), ("ab" * 32, 1)):
        payload = json.dumps({"payload": {"uri": START, "key": key.hex(), "hash": digest}})
        link = f"https://verifier.example/verify?q={quote(payload)}"
        assert lodestream("verify", "--trust", "trust.toml", "--offline", "saved", "--json", link).code == code


def test_a_file_alone_is_checked_offline_and_a_did_key_needs_no_document(lodestream: Run) -> None:  # noqa: F811
    files(Chain())
    did = Path("did.json")
    world = Chain().publish()
    document = world.places["https://battery.example/.well-known/did.json"]
    assert isinstance(document, bytes)
    did.write_bytes(document)
    said = lodestream("verify", "--did-document", "did.json", "passport.json")
    assert said.code == 0
    assert "not looked up" in said.out
    assert lodestream("verify", "--no-walk", "--offline", "saved", "passport.json").code == 0
    assert lodestream("verify", "--no-walk", START).code == 2
    said = lodestream("verify", "--walk", "--did-document", "did.json", "--json", "passport.json")
    assert said.code == 1
    assert any("--allow" in finding["sentence"] for finding in said.rows[0]["findings"])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nothing.json",), "neither a link"),
        (("--trust", "wrong.toml", START), "wrong.toml"),
        (("--offline", ".", START), "no folder of a saved walk"),
        (("--allow", "ftp://x", START), "is no host"),
        (("--key", "abc", START), "32 bytes"),
    ],
)
def test_what_cannot_be_used_is_named(lodestream: Run, arguments: tuple[str, ...], told: str) -> None:  # noqa: F811
    Path("wrong.toml").write_text("regsiters = []")
    said = lodestream("verify", *arguments)
    assert said.code == 2
    assert told in said.err


def test_a_key_is_never_repeated() -> None:
    with pytest.raises(Unusable) as caught:
        keys_of(["c0ffee" * 20])
    assert "c0ffee" not in caught.value.message
    assert start_of("https://x.example/?decryptionKey=" + "00" * 32).url == "https://x.example/"


class Tags(HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_what_a_stranger_wrote_stands_in_the_page_as_text() -> None:
    chain = Chain()
    evil = "<script>alert(1)</script><img src=x onerror=y>\"'&\u202egnp.exe"
    chain.dates[START] = {"name": evil}
    chain.subjects[START]["performanceClaim"][0] |= {
        "name": evil,
        "conformityTopic": [{"id": "https://x.example/y", "name": "z"}],
    }
    chain.subjects["https://smelter.example/dte"][1]["outputProduct"][0]["product"]["name"] = evil
    report = walked(chain.publish())
    made = page(report, NOW_US)
    tags = Tags()
    tags.feed(made)
    assert tags.names <= {
        *[
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "h1",
            "h2",
            "p",
            "div",
            "strong",
            "span",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "footer",
            "code",
        ]
    }
    assert tags.attributes <= {"lang", "charset", "http-equiv", "content", "name", "class"}
    assert "\u202e" not in made
    assert "&lt;script&gt;alert(1)" in made
    assert "http://" not in made.replace("https://", "")


def test_json_and_page_say_the_same() -> None:
    report = walked(Chain().publish())
    assert json.loads(json.dumps(report.to_json()))["verified"]
    assert "<strong>Verified</strong>" in page(report, NOW_US)
    assert signer(MINE).did == MINE
