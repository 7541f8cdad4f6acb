"""`lodestream keys`: the issuer's keys, their rotation, and its DID document."""

import time
from collections.abc import Callable
from datetime import datetime

import click
from rich.text import Text

from cli.context import Context, pass_context
from cli.exits import Unusable
from cli.issuing import did_path, keyring, keyring_path, publish, signer
from cli.output import console, print_json, table
from lodestream.credentials.did import web_url
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.keyring import Key
from lodestream.credentials.signer import key_id
from runtime.settings import Settings
from streams.issuer.keyring import HISTORY, Keyring

EXAMPLES = (
    "\b\nExamples:\n  lodestream keys\n  lodestream -s issuer.base_url=https://example.org keys"
    "\n  lodestream keys rotate\n  lodestream keys retire jJ9F..."
)


@click.group(invoke_without_command=True, epilog=EXAMPLES)
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Make the signing key where there is none, write its DID document, and show all keys.

    A key file is readable by its owner only (mode 0600) and never shown. Publish the DID document at the address
    shown, so that others can verify what you sign; publish it again after each `rotate` and `retire`.
    """
    if ctx.invoked_subcommand is None:
        context = ctx.find_object(Context)
        assert context is not None  # noqa: S101  # cli/main.py makes it
        show(context.settings, signer(context.settings), as_json)


@command.command()
@click.option(
    "--signs-from",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z"]),
    help="When the new key begins to sign, such as 2026-01-31T00:00:00Z; at once where not given. It is published at once.",
)
@pass_context
def rotate(context: Context, signs_from: datetime | None) -> None:
    """Begin a new key. The keys before it stay published, so that what they signed verifies.

    Where the settings bring the key (key_file, key_pem, pkcs11), set the new one there first. A running issuer needs no restart
    unless the settings bring its key.
    """
    now_us = time.time_ns() // 1000
    since_us = now_us if signs_from is None else int(signs_from.timestamp()) * 1_000_000
    if since_us < now_us:
        raise Unusable("--signs-from lies in the past: what was signed since then would be of another key")
    _changed(context.settings, lambda keys: keys.rotate(since_us), "signs from {since} on: {name}")


@command.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})  # a name may begin with -
@click.argument("name")
@click.option("--compromised", is_flag=True, help="It fell into wrong hands: nothing that it signed counts any more.")
@pass_context
def retire(context: Context, name: str, compromised: bool) -> None:
    """End a key that is to sign no more. NAME is its thumbprint or key id, as `lodestream keys` shows it.

    It stays published, with the time from which it no longer counts: what is dated before (validFrom) still verifies. Whoever has
    a key can date as they like, so a key that was stolen must be ended with --compromised.
    """
    name = name.rpartition("#")[2]
    _changed(context.settings, lambda keys: keys.retire(name, compromised=compromised), "ended: {name}")


def show(settings: Settings, keys: Keyring, as_json: bool) -> None:
    """All keys, and where the DID document is and belongs."""
    try:
        address = web_url(keys.did)
    except CredentialError:
        address = ""  # another DID method: its own rules say where the document is
    now_us = time.time_ns() // 1000
    current = keys.history.signing(now_us)
    shown = {
        "did": keys.did,
        "key_id": key_id(keys.did, current.public_key_jwk),
        "key_file": _file(settings, current),
        "did_document": str(did_path(settings)),
        "publish_at": address,
        "history": str(keyring_path(settings) / HISTORY),
    }
    rows = [(key.name, key.public_key_jwk["crv"], key.since, _state(key, current, now_us)) for key in keys.history.keys]
    if as_json:
        print_json(shown | {"keys": [dict(zip(("name", "curve", "since", "state"), row, strict=True)) for row in rows]})
        return
    for name, value in shown.items():
        console().print(Text.assemble((f"{name.replace('_', ' '):<13} ", "dim"), value or "–"), soft_wrap=True)
    console().print(table("", ("key", "curve", "signs since", "state"), rows))


def _changed(settings: Settings, change: Callable[[Keyring], Key], said: str) -> None:
    keys = keyring(settings)
    try:
        key = change(keys)
        publish(settings, keys)
    except (CredentialError, OSError) as error:
        raise Unusable(f"the keys were not changed: {error}") from error
    console().print(said.format(since=key.since, name=key.name), soft_wrap=True)
    console().print(f"publish anew: {did_path(settings)}", soft_wrap=True)


def _state(key: Key, current: Key, now_us: int) -> str:
    if key.withdrawn:
        return f"withdrawn {key.withdrawn}"
    if key.retired:
        return f"retired {key.retired}"
    if key is current:
        return "signs"
    return "to come" if key.since_us > now_us else "published"


def _file(settings: Settings, key: Key) -> str:
    """Where the current key's file is; empty for one in an HSM or the environment."""
    issuer = settings.issuer
    if issuer.pkcs11.module or issuer.key_pem.get_secret_value():
        return ""
    return str(issuer.key_file or keyring_path(settings) / key.place)
