"""The Core Business Vocabulary 2.0 in all its spellings: bare word, CURIE, web URI, URN.

Inside we write a CBV value as its web URI; an Event carries the bare word.
"""

import re

from lodestream.epcis.faults import Fault, shown
from lodestream.epcis.identifiers import canonical_id
from lodestream.epcis.reading import Reading
from lodestream.epcis.remember import remembered
from lodestream.epcis.values import is_uri

CBV = "https://ref.gs1.org/cbv/"
GS1 = "https://ref.gs1.org/voc/"
_URN_FORMS = {"bizstep": "BizStep-", "disp": "Disp-", "btt": "BTT-", "sdt": "SDT-", "er": "ER-"}
_URN = re.compile(r"urn:epcglobal:cbv:(bizstep|disp|btt|sdt|er):(.+)", re.IGNORECASE)
# What the EPCIS schema forbids in JSON: the old forms of a word that has a new one.
_OLD_CBV = re.compile(r"urn:epcglobal:cbv|https?://ns\.gs1\.org/cbv/")
_OLD_GS1 = re.compile(r"https?://gs1\.org/voc/|https?://www\.gs1\.org/voc/")


class Vocabulary:
    """The words that one field takes, and the URI that a word stands for: `base` + word."""

    def __init__(self, base: str, words: str, forbidden: re.Pattern[str] = _OLD_CBV) -> None:
        self.base = base
        self.words = frozenset(words.split())
        self.uris = {word: base + word for word in self.words}
        self._words = {uri: word for word, uri in self.uris.items()}
        self._forbidden = forbidden

    def read(self, value: object, reading: Reading) -> str:
        """The full URI of a field's value. Raises Fault for an unknown bare word and for what is no URI or too long a one."""
        if type(value) is not str:
            raise Fault("WRONG_TYPE", f"{shown(value)} is not a text.")
        uri = self.uris.get(value)
        if uri is not None:
            return uri
        if len(value) > reading.limits.identifier_chars:
            raise Fault("TOO_LONG", f"This word has {len(value)} characters; the limit is {reading.limits.identifier_chars}.")
        if not is_uri(value):
            message = f"{shown(value)} is not a word of this field. Use a word of the CBV, or a URI for a value of your own."
            raise Fault("UNKNOWN_WORD", message)
        if self._forbidden.match(value):
            message = f"{shown(value)} is an old form that EPCIS 2.0 does not take in JSON. Write the bare word."
            raise Fault("UNKNOWN_WORD", message)
        return canonical_word(reading.expand(value))

    def bare(self, uri: str) -> str:
        """The bare word that a full URI stands for, else the URI itself."""
        return self._words.get(uri, uri)


@remembered(8_192)
def canonical_word(uri: str) -> str:
    """A vocabulary value's URN form as its web URI; any other URI in its canonical form."""
    match = _URN.fullmatch(uri) if uri[:4].lower() == "urn:" else None
    return CBV + _URN_FORMS[match[1].lower()] + match[2] if match else canonical_id(uri)


BIZ_STEPS = Vocabulary(
    CBV + "BizStep-",
    "accepting arriving assembling collecting commissioning consigning creating_class_instance cycle_counting "
    "decommissioning departing destroying disassembling dispensing encoding entering_exiting holding inspecting "
    "installing killing loading other packing picking receiving removing repackaging repairing replacing reserving "
    "retail_selling shipping staging_outbound stock_taking stocking storing transporting unloading unpacking "
    "void_shipping sensor_reporting sampling",
)
DISPOSITIONS = Vocabulary(
    CBV + "Disp-",
    "active container_closed damaged destroyed dispensed disposed encoded expired in_progress in_transit inactive "
    "no_pedigree_match non_sellable_other partially_dispensed recalled reserved retail_sold returned "
    "sellable_accessible sellable_not_accessible stolen unknown available completeness_verified completeness_inferred "
    "conformant container_open mismatch_instance mismatch_class mismatch_quantity needs_replacement non_conformant "
    "unavailable",
)
BIZ_TRANSACTION_TYPES = Vocabulary(CBV + "BTT-", "bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt")
PARTY_TYPES = Vocabulary(CBV + "SDT-", "owning_party possessing_party location")
ERROR_REASONS = Vocabulary(CBV + "ER-", "did_not_occur incorrect_data")
COMPONENTS = Vocabulary(
    CBV + "Comp-",
    "x y z axial_distance azimuth height spherical_radius polar_angle elevation_angle easting northing latitude "
    "longitude altitude",
)
MEASUREMENT_TYPES = Vocabulary(
    GS1,
    "AbsoluteHumidity AbsorbedDose AbsorbedDoseRate Acceleration Radioactivity Altitude AmountOfSubstance "
    "AmountOfSubstancePerUnitVolume Angle AngularAcceleration AngularMomentum AngularVelocity Area Capacitance "
    "Conductance Conductivity Count Density Dimensionless DoseEquivalent DoseEquivalentRate DynamicViscosity "
    "ElectricCharge ElectricCurrent ElectricCurrentDensity ElectricFieldStrength Energy Exposure Force Frequency "
    "Illuminance Inductance Irradiance KinematicViscosity Length LinearMomentum Luminance LuminousFlux "
    "LuminousIntensity MagneticFlux MagneticFluxDensity MagneticVectorPotential Mass MassConcentration MassFlowRate "
    "MassPerAreaTime MemoryCapacity MolalityOfSolute MolarEnergy MolarMass MolarVolume Power Pressure RadiantFlux "
    "RadiantIntensity RelativeHumidity Resistance Resistivity SolidAngle SpecificVolume Speed SurfaceDensity "
    "SurfaceTension Temperature Time Torque Voltage Volume VolumeFlowRate VolumeFraction VolumetricFlux Wavenumber",
    _OLD_GS1,
)
SENSOR_ALERTS = Vocabulary(GS1, "ALARM_CONDITION ERROR_CONDITION", _OLD_GS1)
