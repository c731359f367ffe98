"""Sample points must never send a real person anywhere (domain rule 5)."""

from bot.config import Settings, WrongSettings

SAMPLE_POINTS = (
    "sample points (示例数据) are in the database while telegram or wechat is enabled; "
    "import the real ones with `hongyan points import FILE`, or use a database of its own"
)


def must_not_be_sample(settings: Settings, *, is_sample: bool) -> None:
    """Raises `WrongSettings` when real people could be shown invented places."""
    if is_sample and (settings.config.telegram.enabled or settings.config.wechat.enabled):
        raise WrongSettings(SAMPLE_POINTS)
