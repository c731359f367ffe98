"""What people are reminded with: when, what, where, and the two answers."""

from datetime import timedelta

from dialogue import texts
from dialogue.message import Reply, encoded
from handlers import market_words, notices
from storage.reminders import Facts
from storage.times import local_date


def written(facts: Facts) -> str:
    """The reminder, as it is kept in the outbox. The copy for whoever acts for a relative only tells them."""
    event = facts.event
    away = local_date(event.starts_at) - facts.on
    day = {timedelta(days=1): "明天", timedelta(): "今天"}.get(away, "")
    turns = market_words.turns(facts.turns)
    what = f"{day}{texts.moment(event.starts_at)}，《{event.title}》，地点：{event.venue}。{turns}"
    if event.is_sample:
        what = f"【示例】{what}"
    if facts.acts_for:
        return encoded(Reply(f"给您捎个信，{facts.acts_for}报了名：{what}请您也提醒一声。"))
    ask = "您说过要来，来不了请告诉我。" if facts.comes else "您来吗？"
    return encoded(Reply(f"提醒您：{what}{ask}", notices.coming_choices(event)))
