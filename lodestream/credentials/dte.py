"""Traceability events under the name that they had before there were other kinds (lodestream/credentials/content/)."""

from lodestream.credentials.content.event import MAKES, traceability_event
from lodestream.credentials.content.saying import mass_fraction

__all__ = ["MAKES", "mass_fraction", "traceability_event"]
