"""How often one browser and one address may come: far more than a person does, far less than a program would like.

Many people share an address (a service point's Wi-Fi, a mobile network), so what an address may do is generous.
"""

import ipaddress
from collections import OrderedDict

_REMEMBERED = 20_000  # keys in each limit


class Limit:
    """`burst` at once, then `per_second`. Forgets who was quiet longest; they had their whole burst again anyway."""

    def __init__(self, burst: int, per_second: float, remembered: int = _REMEMBERED) -> None:
        self._burst = burst
        self._per_second = per_second
        self._remembered = remembered
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # what was left, and when

    def take(self, key: str, now: float) -> float:
        """0 when this one may pass, else the seconds until the next may."""
        left, at = self._buckets.pop(key, (float(self._burst), now))
        left = min(float(self._burst), left + max(0.0, now - at) * self._per_second)
        wait = 0.0 if left >= 1 else (1 - left) / self._per_second
        self._buckets[key] = (left - 1 if not wait else left), now
        if len(self._buckets) > self._remembered:
            self._buckets.popitem(last=False)
        return wait


def address_of(host: str) -> str:
    """What counts as one address: a household has a whole /64 of IPv6."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 6:
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return host
