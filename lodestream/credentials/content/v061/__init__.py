"""The compatibility profile: what we say in UNTP 0.7.0, as far as 0.6.1 can say it (docs/content.md)."""

from lodestream.credentials.content.v061.frame import as_061

__all__ = ["as_061"]
