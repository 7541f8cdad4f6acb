"""What a claim can be about, and which part of a lot has it.

An attribute is `country:ZM`, `site:<URI>`, `class:<source class>`, `recycled` or `scheme:<name>`. Where a lot's metal comes
from is its shares: mg by origin key "<country> <site> <source class> <schemes>", `ZZ` and `-` where unknown.
"""

from lodestream.claims.profile import Profile

RECYCLED = ("end_of_life", "manufacturing_waste")
"""The source classes that count as recycled. What was returned to the process that made it (`run_around`) never does (F18)."""

UNKNOWN = {"country": "ZZ", "site": "-", "class": "-"}
PRUNED = "OTHER"


def kind_of(attribute: str) -> str:
    """`country`, `site`, `class`, `recycled` or `scheme`."""
    return attribute.partition(":")[0]


def speaks_of(profile: Profile, attribute: str) -> bool:
    """Whether a profile can certify the attribute: its kind is listed, or itself."""
    return kind_of(attribute) in profile.attributes or attribute in profile.attributes


def has(profile: Profile, attribute: str, key: str) -> bool:
    """Whether metal of an origin key has the attribute. A higher level has the lower ones too, never the other way round."""
    country, site, source_class, schemes = key.split(" ")
    kind, _, name = attribute.partition(":")
    match kind:
        case "recycled":
            return source_class in RECYCLED
        case "country":
            return country == name
        case "site":
            return site == name
        case "class":
            return source_class == name
    enough = profile.levels[profile.levels.index(name) :] if name in profile.levels else [name]
    return any(scheme in enough for scheme in schemes.split(","))


def may_have(attribute: str, key: str) -> bool:
    """Whether nothing is known that excludes it: what is unknown counts against a claim that something is not in a lot."""
    country, site, source_class, _ = key.split(" ")
    match kind_of(attribute):
        case "country":
            return country == UNKNOWN["country"]
        case "site":
            return site in (UNKNOWN["site"], PRUNED)
        case "class" | "recycled":
            return source_class == UNKNOWN["class"]
    return False


def amount(profile: Profile, attribute: str, shares: dict[str, int]) -> int:
    """How much of a lot has the attribute, in mg."""
    return sum(mg for key, mg in shares.items() if has(profile, attribute, key))


def credited(profile: Profile, key: str) -> list[str]:
    """The attributes under which metal of an origin key is credited: at most one of a kind, so that none counts it twice.

    Of several schemes that the profile names it is the highest level, else the first.
    """
    country, site, source_class, schemes = key.split(" ")
    found = []
    if country != UNKNOWN["country"]:
        found.append(f"country:{country}")
    if site not in (UNKNOWN["site"], PRUNED):
        found.append(f"site:{site}")
    if source_class != UNKNOWN["class"]:
        found.append(f"class:{source_class}")
    if source_class in RECYCLED:
        found.append("recycled")
    certified = [f"scheme:{name}" for name in schemes.split(",") if name != "-"]
    ranked = [f"scheme:{name}" for name in reversed(profile.levels)]
    named = [one for one in [*ranked, *certified] if one in certified and speaks_of(profile, one)]
    return [one for one in found if speaks_of(profile, one)] + named[:1]


def creditable(profile: Profile, attribute: str, shares: dict[str, int]) -> int:
    """How much of a flow is credited under the attribute, in mg; see `credited`."""
    return sum(mg for key, mg in shares.items() if attribute in credited(profile, key))
