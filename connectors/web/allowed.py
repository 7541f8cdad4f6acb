"""Which hosts may be asked, and which addresses are theirs to have."""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from msgspec import Struct

from lodestream.credentials.errors import CredentialError

ANY = "*"
PRIVATE = "+private"
PORTS = {"https": 443, "http": 80}
_ENTRY = re.compile(r"(?:(?P<scheme>https?)://)?(?P<host>\*|\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>\d{1,5}))?")
_EMBEDDING = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"), ip_network("2002::/16"), ip_network("2001::/32"))
"""IPv6 networks in which another address is wrapped (NAT64, 6to4, Teredo): who asks there may end up anywhere."""


class Allowed(Struct, frozen=True):
    """One entry of an allow-list: a host by https, or by plain http where the entry says so; private addresses likewise."""

    host: str
    port: int
    scheme: str = "https"
    private: bool = False


def allowed(text: str) -> Allowed:
    """An entry: `example.com`, `example.com:8443`, `http://localhost:8080+private`, or `*` for every public host by https.

    Raises CredentialError (ALLOW).
    """
    bare = text.removesuffix(PRIVATE)
    match = _ENTRY.fullmatch(bare.strip())
    scheme = (match["scheme"] or "https") if match else ""
    port = int(match["port"] or PORTS[scheme]) if match else 0
    if match is None or not 0 < port < 65_536:
        raise CredentialError(
            "ALLOW", f"{text[:200]!r} is no host, such as example.com, example.com:8443 or http://localhost:8080+private"
        )
    if match["host"] == ANY and (bare != text or scheme == "http"):
        raise CredentialError("ALLOW", "`*` stands for public hosts by https alone; name a private or plain http host itself")
    return Allowed(match["host"].strip("[]").lower().rstrip("."), port, scheme, private=bare != text)


def entry_for(entries: Iterable[Allowed], scheme: str, host: str, port: int) -> Allowed | None:
    """The entry by which this may be asked; None where it may not."""
    wanted = host.lower().rstrip(".")
    for entry in entries:
        if entry.scheme == scheme and entry.port == port and entry.host in (wanted, ANY):
            return entry
    return None


def is_public(text: str) -> bool:
    """Whether an address is anybody's on the Internet: not private, loopback, link-local, multicast, reserved or wrapping one."""
    try:
        address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and (address.ipv4_mapped or any(address in network for network in _EMBEDDING)):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved
