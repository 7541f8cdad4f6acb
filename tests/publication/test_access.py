"""Locked copies: only the lot's key opens them, and no key shows."""

import json
from base64 import b64decode
from collections.abc import Callable
from hmac import digest
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from lodestream.credentials.access import (
    LARGEST_PLAIN_BYTES,
    Access,
    is_locked,
    lock,
    locked_url,
    lot_key,
    parse_qr,
    qr_text,
    unlock,
)
from lodestream.credentials.encoding import to_base64url
from lodestream.credentials.errors import CredentialError

SECRET = bytes(range(32))
LOT = "https://id.gs1.org/01/09521321102026/10/K1"
KEY = lot_key(SECRET, LOT)
PLACE = "https://refinery.example/01/09521321102026/10/K1"


def outcome(call: Callable[[], object]) -> object:
    """What a call gives, or the code of its error."""
    try:
        return call()
    except CredentialError as error:
        return error.code


def test_every_lot_has_a_key_of_its_own() -> None:
    assert len(KEY) == 32
    assert lot_key(SECRET, LOT) == KEY
    assert lot_key(SECRET, LOT + "0") != KEY
    assert lot_key(bytes(32), LOT) != KEY
    # RFC 5869 with no salt, from the definition
    info = b"lodestream lot key 1\0" + LOT.encode()
    assert digest(digest(bytes(32), SECRET, "sha256"), info + b"\x01", "sha256") == KEY


def test_a_locked_copy_has_the_form_of_the_reference_implementation() -> None:
    envelope = json.loads(lock(b"confidential", KEY))
    assert list(envelope) == ["cipherText", "iv", "tag", "type"]
    assert envelope["type"] == "aes-256-gcm"
    iv, sealed = b64decode(envelope["iv"]), b64decode(envelope["cipherText"]) + b64decode(envelope["tag"])
    assert (len(iv), len(sealed)) == (12, 12 + 16)
    assert AESGCM(KEY).decrypt(iv, sealed, None) == b"confidential"


@given(st.binary(max_size=2_000), st.binary(min_size=32, max_size=32))
def test_it_opens_with_its_key_and_is_the_same_on_each_replay(data: bytes, key: bytes) -> None:
    locked = lock(data, key)
    assert unlock(locked, key) == data
    assert lock(data, key) == locked
    assert is_locked(locked)


@given(st.binary(min_size=1, max_size=200), st.binary(min_size=1, max_size=200))
def test_other_data_has_another_iv(one: bytes, other: bytes) -> None:
    ivs = {json.loads(lock(data, KEY))["iv"] for data in (one, other)}
    assert len(ivs) == len({one, other})


def test_another_lots_key_and_a_changed_copy_are_told() -> None:
    locked = lock(b"confidential", KEY)
    with pytest.raises(CredentialError) as error:
        unlock(locked, lot_key(SECRET, LOT + "2"))
    assert error.value.code == "UNLOCK"
    envelope: dict[str, Any] = json.loads(locked)
    for name in ("cipherText", "iv", "tag"):
        text = envelope[name]
        changed = ("B" if text[0] == "A" else "A") + text[1:]
        with pytest.raises(CredentialError) as error:
            unlock(json.dumps(envelope | {name: changed}).encode(), KEY)
        assert error.value.code == "UNLOCK", name


@given(st.data())
def test_no_changed_byte_gives_other_data(data: st.DataObject) -> None:
    locked = lock(b"confidential, the whole of it", KEY)
    place = data.draw(st.integers(0, len(locked) - 1))
    changed = locked[:place] + bytes([locked[place] ^ data.draw(st.integers(1, 255))]) + locked[place + 1 :]
    said = outcome(lambda: unlock(changed, KEY))
    assert said in ("LOCKED", "UNLOCK", b"confidential, the whole of it")  # the last: a bit of base64 padding, or white space


@pytest.mark.parametrize("cut", [0, 1, 10, 40, -1])
def test_a_truncated_copy_is_told(cut: int) -> None:
    with pytest.raises(CredentialError) as error:
        unlock(lock(b"confidential", KEY)[:cut], KEY)
    assert error.value.code == "LOCKED"


@pytest.mark.parametrize(
    "changed", [{"type": "aes-128-gcm"}, {"iv": "AAAA"}, {"tag": "!"}, {"tag": 7}, {"cipherText": None}, {"more": ""}]
)
def test_what_is_no_locked_copy_is_told(changed: dict[str, object]) -> None:
    envelope = json.loads(lock(b"confidential", KEY)) | changed
    with pytest.raises(CredentialError) as error:
        unlock(json.dumps(envelope).encode(), KEY)
    assert error.value.code == "LOCKED"


def test_bounds() -> None:
    with pytest.raises(CredentialError) as error:
        lock(bytes(LARGEST_PLAIN_BYTES + 1), KEY)
    assert error.value.code == "TOO_LARGE"
    with pytest.raises(CredentialError) as error:
        lock(b"", KEY[:16])
    assert error.value.code == "KEY"
    largest = bytes(LARGEST_PLAIN_BYTES)
    assert unlock(lock(largest, KEY), KEY) == largest


@pytest.mark.parametrize("data", [b"", b"{", b'{"cipherText":1}', b'["cipherText"]', b'{"@context":[]}', b"\xff" * 30])
def test_other_files_are_not_locked(data: bytes) -> None:
    assert not is_locked(data)


def test_where_the_copies_stand() -> None:
    assert locked_url("https://refinery.example/credentials/dte/1", "lot") == (
        "https://refinery.example/credentials/dte/1/b7b30d6e4f8c8647"  # sha256("lot")
    )


def test_a_link_carries_the_key_and_its_text_does_not() -> None:
    access = Access(PLACE, KEY)
    text = qr_text(access)
    assert text == f"{PLACE}?decryptionKey={KEY.hex()}"
    assert parse_qr(text) == access
    assert KEY.hex() not in repr(access)
    assert repr(KEY) not in repr(access)
    assert KEY.hex() not in str(access)


@pytest.mark.parametrize("key", [KEY.hex(), KEY.hex().upper(), to_base64url(KEY)])
def test_links_of_others_are_read(key: str) -> None:
    assert parse_qr(f"{PLACE}?key={key}") == Access(PLACE, KEY)
    assert parse_qr(f"{PLACE}?linkType=dte&decryptionKey={key}") == Access(f"{PLACE}?linkType=dte", KEY)
    payload = {"payload": {"uri": PLACE, "key": key, "hash": "ab" * 32}}
    assert parse_qr(f"https://verify.example/verify?q={quote(json.dumps(payload))}") == Access(PLACE, KEY, "ab" * 32)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no link",
        "https://[",
        "ftp://refinery.example/?key=" + KEY.hex(),
        PLACE,
        f"{PLACE}?key=",
        f"{PLACE}?key={KEY.hex()[:-2]}",
        "https://verify.example/verify?q=%7B",
        "https://verify.example/verify?q=%7B%22payload%22%3A%7B%7D%7D",
        "https://verify.example/verify?q=" + "a" * 9_000,
    ],
)
def test_what_is_no_link_with_a_key_is_told_without_repeating_it(text: str) -> None:
    with pytest.raises(CredentialError) as error:
        parse_qr(text)
    assert error.value.code == "QR"
    assert KEY.hex()[:-2] not in str(error.value)


@given(st.text(max_size=300))
def test_whatever_is_scanned_raises_nothing_else(text: str) -> None:
    for each in (text, f"https://a.example/?key={text}", f"https://a.example/verify?q={text}"):
        said = outcome(lambda each=each: parse_qr(each))  # type: ignore[misc]
        assert isinstance(said, Access) or said == "QR"
