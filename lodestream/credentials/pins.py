"""The official files that a bundle may hold, each pinned by the SHA-256 of its bytes. The files are not ours and not here.

Paths are those of a folder laid out like the UNTP artefacts (docs/credentials.md). The 0.7.0 schemas named
"reconstructed" are the April 2026 pre-release with the changes of 0.7.0 applied; they say what the official ones say.
"""

from typing import NamedTuple


class Pin(NamedTuple):
    """One file: its path in the bundle, its SHA-256 (hex), and the URL that stands for it in credentials."""

    path: str
    sha256: str
    url: str


VC_CONTEXT_PIN = Pin(
    "contexts/credentials-v2.jsonld",
    "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
    "https://www.w3.org/ns/credentials/v2",
)
UNTP_CONTEXT_PIN = Pin(
    "contexts/untp-0.7.0.jsonld",
    "fbd4824e30d3cfc5cba949e1efe19b4c9ebaee056abe7aaf1c6b139a7bf91b0c",
    "https://vocabulary.uncefact.org/untp/0.7.0/context/",
)
VC_SCHEMA_PIN = Pin(
    "schemas/vcdm/verifiable-credential-schema.json",
    "8a3fa1948fb37d9ca7fd30d602549c9e8d59feb361beed6edb05e9711d10e83a",
    "https://www.w3.org/2022/credentials/v2/verifiable-credential-schema.json",
)

UNTP_SCHEMA_PINS = {
    "DigitalProductPassport": Pin(
        "schemas/0.7.0/dpp.json",
        "42c51943ab23547d5287899fd12b214b19b006c28d105a70ff390f8551b12653",
        "https://untp.unece.org/artefacts/schema/v0.7.0/dpp/DigitalProductPassport.json",
    ),
    "DigitalTraceabilityEvent": Pin(
        "schemas/0.7.0/dte.reconstructed.json",
        "d304a4e2f3c0c6bd49fc713a495f3aa347ae134815f90cd952a69cfd53688370",
        "https://untp.unece.org/artefacts/schema/v0.7.0/dte/DigitalTraceabilityEvent.json",
    ),
    "DigitalConformityCredential": Pin(
        "schemas/0.7.0/dcc.reconstructed.json",
        "8462e5904b273ebc19f82d2beea9b75301a7c4e9a9f2ee68c041c472ebf1ce1c",
        "https://untp.unece.org/artefacts/schema/v0.7.0/dcc/ConformityCredential.json",
    ),
    "DigitalFacilityRecord": Pin(
        "schemas/0.7.0/dfr.reconstructed.json",
        "d0da245d9f7f321700a810c6055177c0993bfe89c7689617a2706e1beee9f809",
        "https://untp.unece.org/artefacts/schema/v0.7.0/dfr/DigitalFacilityRecord.json",
    ),
    "DigitalIdentityAnchor": Pin(
        "schemas/0.7.0/dia.reconstructed.json",
        "9e05a4fb2508a503a4c97cd780ca34a48b236e986d3ed6a6543ef9926c56c11c",
        "https://untp.unece.org/artefacts/schema/v0.7.0/dia/DigitalIdentityAnchor.json",
    ),
}
"""UNTP 0.7.0: one context for all, a schema by credential type."""

OLD_PINS = {
    "DigitalProductPassport 0.6.0": (
        Pin(
            "contexts/untp-dpp-0.6.0.jsonld",
            "23ef2066913f0bdb200ed761968426f4fabd19ce715fe83bc2d10bcf900d5ad9",
            "https://test.uncefact.org/vocabulary/untp/dpp/0.6.0/",
        ),
        Pin(
            "schemas/0.6.0/DigitalProductPassport-schema.json",
            "d6d7690f8223d9caa8f75e2e5f3c11313538a801c8f09090c7a934e61ce7a013",
            "https://test.uncefact.org/vocabulary/untp/dpp/untp-dpp-schema-0.6.0.json",
        ),
    ),
    "DigitalTraceabilityEvent 0.6.0": (
        Pin(
            "contexts/untp-dte-0.6.0.jsonld",
            "8b12c9e96c3b128d6d8bfbec3d3fad113ffd65386147cdea4aff0d2ed17ad32e",
            "https://test.uncefact.org/vocabulary/untp/dte/0.6.0/",
        ),
        Pin(
            "schemas/0.6.0/DigitalTraceabilityEvent-schema.json",
            "2d7fbe18cb56be48a4fb7495617a5c68f9f81bb1dacb7203849156c2d3e2761c",
            "https://test.uncefact.org/vocabulary/untp/dte/untp-dte-schema-0.6.0.json",
        ),
    ),
    "DigitalConformityCredential 0.6.0": (
        Pin(
            "contexts/untp-dcc-0.6.0.jsonld",
            "938638f3ab01984a1b8cbee4380265d5746aa622db1dd88ebe7a4d3dd06d2b87",
            "https://test.uncefact.org/vocabulary/untp/dcc/0.6.0/",
        ),
        Pin(
            "schemas/0.6.0/DigitalConformityCredential-schema.json",
            "aa6ddf39ec962617cd189931632343599b971cf775b8d497d274a5202f5f3536",
            "https://test.uncefact.org/vocabulary/untp/dcc/untp-dcc-schema-0.6.0.json",
        ),
    ),
    "DigitalFacilityRecord 0.6.0": (
        Pin(
            "contexts/untp-dfr-0.6.0.jsonld",
            "731a85eaa8d164c274bf500d8edd9575d35b2ecbbf5a24f4800ba00a58366481",
            "https://test.uncefact.org/vocabulary/untp/dfr/0.6.0/",
        ),
        Pin(
            "schemas/0.6.0/DigitalFacilityRecord-schema.json",
            "21f4ba049b0a75ed92edc568388fbe9bb0a27c09ce4c79313038b4d33dfddda7",
            "https://test.uncefact.org/vocabulary/untp/dfr/untp-dfr-schema-0.6.0.json",
        ),
    ),
    "DigitalIdentityAnchor 0.6.0": (
        Pin(
            "contexts/untp-dia-0.6.0.jsonld",
            "71f587d9a39a436cabbf6448a806b52614719a52a80f44a2fed424aedab92df2",
            "https://test.uncefact.org/vocabulary/untp/dia/0.6.0/",
        ),
        Pin(
            "schemas/0.6.0/DigitalIdentityAnchor-schema.json",
            "f89636f9a47d402ba05532eb9ad167db7ddee5f60efce81dd6aa26f7b013a43d",
            "https://test.uncefact.org/vocabulary/untp/dia/untp-dia-schema-0.6.0.json",
        ),
    ),
    "DigitalProductPassport 0.6.1": (
        Pin(
            "contexts/untp-dpp-0.6.1.jsonld",
            "e956ab00591cebabeb6080eb02cd2f22adbda88c4d7861e8e7f03ea64284370f",
            "https://test.uncefact.org/vocabulary/untp/dpp/0.6.1/",
        ),
        Pin(
            "schemas/0.6.1/untp-dpp-schema.json",
            "079b729617744cda34fa27d1763d64de138a31b39fb9e2c11b473c531859b9bf",
            "https://test.uncefact.org/vocabulary/untp/dpp/untp-dpp-schema-0.6.1.json",
        ),
    ),
    "DigitalTraceabilityEvent 0.6.1": (
        Pin(
            "contexts/untp-dte-0.6.1.jsonld",
            "fcc00b2ce4f389876a62f97006e64c969fa7a182f45cf01a6c5d735893073c2a",
            "https://test.uncefact.org/vocabulary/untp/dte/0.6.1/",
        ),
        Pin(
            "schemas/0.6.1/untp-dte-schema.json",
            "2b17f1bb01deb31554a36a93724dadb3c458c43475caf6b6a43ee6b8a80419af",
            "https://test.uncefact.org/vocabulary/untp/dte/untp-dte-schema-0.6.1.json",
        ),
    ),
    "DigitalConformityCredential 0.6.1": (
        Pin(
            "contexts/untp-dcc-0.6.1.jsonld",
            "f87c13eb58ed88c54449a65f889b523314bc72b331051601407a73a2cce76740",
            "https://test.uncefact.org/vocabulary/untp/dcc/0.6.1/",
        ),
        Pin(
            "schemas/0.6.1/untp-dcc-schema.json",
            "2ecb7a4aa86e3e85fd4fccbcb4afb408cbf7e1f6964bfafd0793bed570a0e2bc",
            "https://test.uncefact.org/vocabulary/untp/dcc/untp-dcc-schema-0.6.1.json",
        ),
    ),
    "DigitalFacilityRecord 0.6.1": (
        Pin(
            "contexts/untp-dfr-0.6.1.jsonld",
            "326cd9109953616ddec84dfb0fd926064a85197a1c28da77fbca8224448cefb5",
            "https://test.uncefact.org/vocabulary/untp/dfr/0.6.1/",
        ),
        Pin(
            "schemas/0.6.1/untp-dfr-schema.json",
            "8bd078612c06617844137d9144de1b42dfdd6619e51c4f5697ddacdc2d9bdda3",
            "https://test.uncefact.org/vocabulary/untp/dfr/untp-dfr-schema-0.6.1.json",
        ),
    ),
    "DigitalIdentityAnchor 0.6.1": (
        Pin(
            "contexts/untp-dia-0.6.1.jsonld",
            "7913f5ee835c088a0cea6c006b214eb89351e21cc40afcb201c1e3a6aaf842dd",
            "https://test.uncefact.org/vocabulary/untp/dia/0.6.1/",
        ),
        Pin(
            "schemas/0.6.1/untp-dia-schema.json",
            "01bf29a7ac7d374855a1b7a7ed5b6a5775ac4cb2ab75c23a4a1e20d559fd49af",
            "https://test.uncefact.org/vocabulary/untp/dia/untp-dia-schema-0.6.1.json",
        ),
    ),
}
"""UNTP 0.6.x: a context and a schema for each credential type; the context says which version it is."""

REQUIRED = (VC_CONTEXT_PIN, UNTP_CONTEXT_PIN, VC_SCHEMA_PIN, UNTP_SCHEMA_PINS["DigitalTraceabilityEvent"])
"""Without these a bundle is of no use: they are what our own credentials are made of."""
CONTEXT_PINS = (VC_CONTEXT_PIN, UNTP_CONTEXT_PIN, *(context for context, _ in OLD_PINS.values()))
SCHEMA_PINS = (VC_SCHEMA_PIN, *UNTP_SCHEMA_PINS.values(), *(schema for _, schema in OLD_PINS.values()))
