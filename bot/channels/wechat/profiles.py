"""What each kind of account may do. It is set, never guessed from errors."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """The rights of one kind of account, as the platform's table of rights grants them."""

    name: str  # in Chinese, as the console calls it
    menu: bool = False
    customer_service: bool = False  # messages within a window, and “typing”
    message_menu: bool = False  # choices to tap inside such a message
    templates: bool = False
    one_time: bool = False  # one-time subscription
    scene_codes: bool = False  # QR codes that carry something
    media: bool = False  # fetching what people send, and uploading
    test: bool = False


_PROFILES = {
    "service_verified": Profile(
        "认证服务号",
        menu=True,
        customer_service=True,
        message_menu=True,
        templates=True,
        one_time=True,
        scene_codes=True,
        media=True,
    ),
    "subscription_verified": Profile("认证订阅号", menu=True, customer_service=True, one_time=True, media=True),
    "service_unverified": Profile("未认证服务号", menu=True),
    "subscription_unverified": Profile("未认证订阅号"),
    "test": Profile(
        "测试号", menu=True, customer_service=True, templates=True, scene_codes=True, media=True, test=True
    ),
}

KINDS = tuple(_PROFILES)


def profile_of(account_kind: str) -> Profile:
    """The profile of a configured kind; `verified_service`, `subscription`, `personal` and the like are understood too.

    Raises `ValueError` naming the kinds there are.
    """
    words = set(account_kind.strip().lower().replace("-", "_").split("_"))
    unverified = bool(words & {"unverified", "personal"})
    if "test" in words or "sandbox" in words:
        return _PROFILES["test"]
    if "service" in words:
        return _PROFILES["service_unverified" if unverified else "service_verified"]
    if "subscription" in words or unverified:
        return _PROFILES["subscription_unverified" if unverified else "subscription_verified"]
    raise ValueError(f"one of {', '.join(KINDS)}")
