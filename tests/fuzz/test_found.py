"""What fuzzing found, each as the shortest input that showed it."""

import pytest

from lodestream.credentials.bundle import Bundle, bundle_policies
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import parse
from lodestream.credentials.verify import verify
from tests.credentials.telling import NOW_US, published


@pytest.mark.parametrize("text", [b'{"a":"\\ud800"}', b'{"\\udfff":1}', b'["\\ude00\\ud83d"]', b'["x\\uDBFF"]'])
def test_half_a_character_is_refused_when_it_is_read(text: bytes) -> None:
    with pytest.raises(CredentialError, match="half a character") as caught:
        parse(text, "the credential")
    assert caught.value.code == "NOT_UTF8"


@pytest.mark.parametrize("text", [b'["\\ud83d\\ude00"]', b'["\\\\ud800"]', '["\U0001f600"]'.encode()])
def test_whole_characters_are_read(text: bytes) -> None:
    assert parse(text, "the credential") in (["\U0001f600"], ["\\ud800"])


def test_signed_half_a_character_does_not_reach_the_schemas(bundle: Bundle) -> None:
    """The library of JSON Schema raised UnicodeEncodeError out of the verifier, which raises nothing."""
    from lodestream.credentials.encoding import to_base64url
    from tests.fuzz.corpus import SIGNER, unsigned

    header = b'{"alg":"EdDSA","kid":"' + SIGNER.kid.encode() + b'","typ":"vc+jwt"}'
    payload = unsigned()[0].replace(b'"Smelting run"', b'"\\ud800"')
    signing_input = f"{to_base64url(header)}.{to_base64url(payload)}"
    jws = f"{signing_input}.{to_base64url(SIGNER.sign(signing_input.encode()))}".encode()
    report = verify(jws, published(), NOW_US, bundle_policies(bundle))
    assert [check.code for check in report.checks if check.result == "failed"] == ["NOT_UTF8"]
