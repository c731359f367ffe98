"""How often one browser and one address may come: far more than a person does, far less than a program would like.

Many people share an address (a service point's Wi-Fi, a mobile network), so what an address may do is generous.
"""

import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

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


class Doors:
    """Every limit of the chat page. Each returns 0, or the seconds to wait."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._pages = Limit(300, 20)
        self._said = Limit(20, 1)
        self._said_from = Limit(300, 20)
        self._newcomers_from = Limit(200, 0.5)
        self._uploads = Limit(12, 0.2)
        self._looks = Limit(60, 2)
        self._files_from = Limit(120, 2)

    def page(self, address: str) -> float:
        return self._take((self._pages, address))

    def say(self, user: str, address: str, *, is_new: bool, has_file: bool) -> float:
        """A message. Of a newcomer too: whoever throws the cookie away each time is held by the address."""
        limits = [(self._said, user), (self._said_from, address)]
        if is_new:
            limits.append((self._newcomers_from, address))
        if has_file:
            limits.append((self._uploads, user))
        return self._take(*limits)

    def look(self, user: str) -> float:
        return self._take((self._looks, user))

    def file(self, address: str) -> float:
        return self._take((self._files_from, address))

    def _take(self, *limits: tuple[Limit, str]) -> float:
        now = self._clock().timestamp()
        return max(limit.take(key, now) for limit, key in limits)


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
