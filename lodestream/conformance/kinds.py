"""The kinds of credential that the harness knows: UNTP's five, the status list, and any other."""

from lodestream.credentials.status import LIST_CREDENTIAL as STATUS_LIST
from lodestream.credentials.untp.base import DCC, DFR, DIA, DPP, DTE
from lodestream.credentials.untp.base import VC as ANY

__all__ = ["ANY", "CREDENTIALS", "DCC", "DFR", "DIA", "DPP", "DTE", "STATUS_LIST"]

CREDENTIALS = frozenset({DPP, DTE, DCC, DFR, DIA, STATUS_LIST, ANY})
