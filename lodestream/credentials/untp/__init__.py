"""UNTP 0.7.0 as typed models: one file a subject, the names that the rest of Lodestream uses gathered here."""

from lodestream.credentials.untp.base import (
    CONTEXTS,
    DCC,
    DFR,
    DIA,
    DPP,
    DTE,
    UNTP_CONTEXT,
    VC,
    VC_CONTEXT,
    time_us,
)
from lodestream.credentials.untp.credentials import (
    MODELS,
    DigitalConformityCredential,
    DigitalFacilityRecord,
    DigitalIdentityAnchor,
    DigitalProductPassport,
    DigitalTraceabilityEvent,
    VerifiableCredential,
    model_for,
)
from lodestream.credentials.untp.parts import Measure

__all__ = [
    "CONTEXTS",
    "DCC",
    "DFR",
    "DIA",
    "DPP",
    "DTE",
    "MODELS",
    "UNTP_CONTEXT",
    "VC",
    "VC_CONTEXT",
    "DigitalConformityCredential",
    "DigitalFacilityRecord",
    "DigitalIdentityAnchor",
    "DigitalProductPassport",
    "DigitalTraceabilityEvent",
    "Measure",
    "VerifiableCredential",
    "model_for",
    "time_us",
]
