"""The profiles that come with Lodestream, and how a profile file is read (docs/claims.md)."""

import tomllib
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from lodestream.claims.profile import Profile

NUMBER = int | Decimal


class ProfileError(ValueError):
    """A profile file that cannot be used: which file, where in it, and what to do."""


def read_profile(text: str, where: str) -> Profile:
    """A profile from TOML. ProfileError for what is no profile, and for a number that does not say where it is from."""
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
        profile = msgspec.convert(raw, Profile, strict=False)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ProfileError(f"{where}: {error}") from None
    known = leaves(raw)
    if bare := sorted(name for name, value in known.items() if is_number(value) and not profile.sources.get(name, "").strip()):
        raise ProfileError(f'{where}: no source for {", ".join(bare)}: name it in [sources], or write "site default" there')
    if lost := sorted(profile.sources.keys() - known.keys()):
        raise ProfileError(f"{where}: [sources] speaks of {', '.join(lost)}, which the profile does not set")
    return profile


def leaves(raw: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Every setting of a profile by its dotted name, `sources` apart."""
    found: dict[str, Any] = {}
    for name, value in raw.items():
        if prefix + name == "sources":
            continue
        found |= leaves(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return found


def settings(profile: Profile) -> dict[str, Any]:
    """Every setting of a profile that says something, by its dotted name, for people: a number that it does not set is none."""
    plain = leaves(msgspec.to_builtins(profile, builtin_types=(Decimal,)))
    kept = {"name", "version", "title"} | {n for n, value in plain.items() if is_number(value) and n not in profile.sources}
    return {name: value for name, value in plain.items() if name not in kept and value not in (None, "", [])}


def is_number(value: object) -> bool:
    """Whether a setting is a number, which needs a source: True and False are none."""
    return isinstance(value, NUMBER) and not isinstance(value, bool)


@cache
def profiles() -> dict[str, Profile]:
    """All profiles by name, read once."""
    folder = files("lodestream.claims") / "profiles"
    found = [one for one in folder.iterdir() if one.name.endswith(".toml")]
    read = [read_profile(one.read_text(encoding="utf-8"), one.name) for one in found]
    return {profile.name: profile for profile in sorted(read, key=lambda one: one.name)}
