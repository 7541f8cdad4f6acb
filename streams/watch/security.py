"""The broker's security for Faust's clients, from the same `kafka.options` that librdkafka is given."""

import ssl
from collections.abc import Mapping

from faust.auth import SASLCredentials, SSLCredentials

from runtime.errors import FatalError

PLAIN = frozenset({"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"})

Credentials = SASLCredentials | SSLCredentials | None


def credentials_of(options: Mapping[str, str]) -> Credentials:
    """TLS, SASL with a password, or both; None where neither is set. Raises FatalError for what Faust's client cannot do."""
    protocol = options.get("security.protocol", "plaintext").upper()
    context = _context(options) if protocol.endswith("SSL") else None
    if protocol.startswith("SASL"):
        mechanism = options.get("sasl.mechanism") or options.get("sasl.mechanisms") or "GSSAPI"
        if mechanism not in PLAIN:
            known = ", ".join(sorted(PLAIN))
            raise FatalError(f"kafka.options: the watch cannot log in by sasl.mechanism {mechanism}; it can by {known}")
        return SASLCredentials(
            username=options.get("sasl.username"), password=options.get("sasl.password"), mechanism=mechanism, ssl_context=context
        )
    return SSLCredentials(context) if context is not None else None


def _context(options: Mapping[str, str]) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=options.get("ssl.ca.location"), cadata=options.get("ssl.ca.pem"))
        if "ssl.certificate.location" in options:
            key, password = options.get("ssl.key.location"), options.get("ssl.key.password")
            context.load_cert_chain(options["ssl.certificate.location"], key, password)
    except OSError as reason:
        raise FatalError(f"kafka.options: the certificates for TLS cannot be used: {reason}") from reason
    if options.get("ssl.endpoint.identification.algorithm", "https") == "none":
        context.check_hostname = False
    return context
