"""All judges of a credential: our models, the official JSON Schema, strict JSON-LD, our lint; as 0.7.0 and as 0.6.1."""

from typing import Any

from pydantic import ValidationError

from lodestream.credentials.bundle import Bundle, JsonLd, JsonSchema
from lodestream.credentials.content import as_061, lint
from lodestream.credentials.jsontext import parse_object, write
from lodestream.credentials.policy import Signed, faults
from lodestream.credentials.untp import model_for


class Judges:
    """Judges with a memory: JSON-LD looks at names, types and identifiers alone, so of one shape it is asked once."""

    def __init__(self, bundle: Bundle) -> None:
        self._schema, self._json_ld = JsonSchema(bundle), JsonLd(bundle)
        self._shapes: set[str] = set()

    def __call__(self, credential: dict[str, Any]) -> list[str]:
        """What is wrong with a credential of ours, in either version, as a reader gets it."""
        found = [f"0.6.1 {said}" for said in self.of(as_061(credential))]
        return self.of(credential) + found

    def of(self, credential: dict[str, Any]) -> list[str]:
        """What is wrong with a credential as it is."""
        data = write(credential)
        read = parse_object(data, "it")
        found = [f"lint {fault.code} {fault.pointer}" for fault in lint(read)]
        model = model_for(read)
        try:
            if model is not None:
                model.model_validate(read)
        except ValidationError as error:
            found.append(faults(error))
        signed = Signed(read, data, 0)
        check = self._schema.check(signed)
        found += [] if check.result == "passed" else [check.sentence]
        if (seen := repr(shape(read))) not in self._shapes:
            check = self._json_ld.check(signed)
            found += [] if check.result == "passed" else [check.sentence]
            self._shapes.add(seen)
        return found


def shape(value: Any, key: str = "") -> Any:
    """A value without what JSON-LD does not look at; of a list each shape once."""
    if isinstance(value, dict):
        return {name: shape(item, name) for name, item in sorted(value.items())}
    if isinstance(value, list):
        return value if key in ("type", "@context") else sorted({repr(shape(item, key)) for item in value})
    return value if key == "type" else ":" in value if isinstance(value, str) else type(value).__name__
