"""What the platform lets an account send to a follower unasked, kept as the platform keeps it."""

from datetime import timedelta

LASTS = {"message": (5, timedelta(hours=48)), "menu": (3, timedelta(minutes=1))}
LASTS |= {"follow": LASTS["menu"], "scan": LASTS["menu"]}


class Ledger:
    def __init__(self, clock):
        self.clock = clock
        self.buckets = {}

    def opened(self, openid, kind):
        messages, lasts = LASTS[kind]
        self.buckets.setdefault(openid, {})[kind] = [messages, self.clock() + lasts]

    def closed(self, openid):
        self.buckets.pop(openid, None)

    def take(self, openid):
        """None when a message may go, else the error code."""
        alive = [bucket for bucket in self.buckets.get(openid, {}).values() if bucket[1] > self.clock()]
        if not alive:
            return 45015
        full = sorted((bucket for bucket in alive if bucket[0] > 0), key=lambda bucket: bucket[1])
        if not full:
            return 45047
        full[0][0] -= 1
        return None
