"""Where a place is on the earth, in which datum, and how far two places are apart."""

import math
from dataclasses import dataclass
from typing import Literal, Self

Datum = Literal["wgs84", "gcj02"]

_EARTH_RADIUS = 6_371_008.8  # metres, mean radius (IUGG)
_KRASOVSKY_AXIS = 6_378_245.0  # metres; GCJ-02 is defined on the Krasovsky ellipsoid
_KRASOVSKY_ECCENTRICITY_SQUARED = 0.006_693_421_622_965_943


@dataclass(frozen=True, slots=True)
class Place:
    """A position in decimal degrees, with the datum it was measured in."""

    latitude: float
    longitude: float
    datum: Datum = "wgs84"

    def as_wgs84(self) -> Self:
        """The same spot in WGS-84, within a metre."""
        if self.datum == "wgs84":
            return self
        # The shift has no closed inverse; two rounds of correcting the guess end below a centimetre.
        latitude, longitude = self.latitude, self.longitude
        for _ in range(3):
            north, east = _gcj02_shift(latitude, longitude)
            latitude, longitude = self.latitude - north, self.longitude - east
        return type(self)(latitude, longitude, "wgs84")

    def as_gcj02(self) -> Self:
        """The same spot in GCJ-02, the datum of maps published in mainland China."""
        if self.datum == "gcj02":
            return self
        north, east = _gcj02_shift(self.latitude, self.longitude)
        return type(self)(self.latitude + north, self.longitude + east, "gcj02")


def metres_between(one: Place, other: Place) -> float:
    """Great-circle distance, whatever the datum of each."""
    a, b = one.as_wgs84(), other.as_wgs84()
    latitude_a, latitude_b = math.radians(a.latitude), math.radians(b.latitude)
    half_north = math.sin((latitude_b - latitude_a) / 2)
    half_east = math.sin(math.radians(b.longitude - a.longitude) / 2)
    chord = half_north**2 + math.cos(latitude_a) * math.cos(latitude_b) * half_east**2
    return 2 * _EARTH_RADIUS * math.asin(math.sqrt(min(1.0, chord)))


def _gcj02_shift(latitude: float, longitude: float) -> tuple[float, float]:
    """How far GCJ-02 lies north and east of WGS-84, in degrees. The published polynomial; mainland China only."""
    x, y = longitude - 105.0, latitude - 35.0
    ripple = (20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + ripple
    north += (20 * math.sin(y * math.pi) + 40 * math.sin(y / 3 * math.pi)) * 2 / 3
    north += (160 * math.sin(y / 12 * math.pi) + 320 * math.sin(y * math.pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + ripple
    east += (20 * math.sin(x * math.pi) + 40 * math.sin(x / 3 * math.pi)) * 2 / 3
    east += (150 * math.sin(x / 12 * math.pi) + 300 * math.sin(x / 30 * math.pi)) * 2 / 3

    radians = math.radians(latitude)
    flattening = 1 - _KRASOVSKY_ECCENTRICITY_SQUARED * math.sin(radians) ** 2
    meridian = _KRASOVSKY_AXIS * (1 - _KRASOVSKY_ECCENTRICITY_SQUARED) / (flattening * math.sqrt(flattening))
    parallel = _KRASOVSKY_AXIS / math.sqrt(flattening) * math.cos(radians)
    return math.degrees(north / meridian), math.degrees(east / parallel)
