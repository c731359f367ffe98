"""参加证明: what a person took part in, on a page for the home branch; made beside the conversation."""

from dialogue.message import Choice
from dialogue.talk import Talk
from handlers.figures import read_period
from handlers.my_data import registered
from reports.periods import Period
from storage import audit, exports, ledgers
from storage.audit import Actor
from storage.times import local_date


async def ask(talk: Talk) -> None:
    """“参加证明”, “参加证明 2025年”: of this season, unless another time is named."""
    person = registered(talk)
    today = local_date(talk.now)
    season = Period.season_around(today)
    period = read_period(talk.opening.text, today) or season
    times = len(ledgers.came_to(talk.tx, person.id, period.begins, period.ends))
    last = Period.season(season.first.year - 1)
    earlier = Choice(f"参加证明 {last.first.year}年候鸟季", "开上一季的")
    if not times:
        return talk.say(
            f"{period.name or period.days}还没有您到场的记录，开不了证明。要开别的时间的，比如回“参加证明 2025年”。",
            earlier,
        )
    wanted = {"report": "participation_proof", "person": person.id, "format": "pdf"}
    wanted |= {"from": period.first.isoformat(), "to": period.last.isoformat(), "name": period.name}
    export_id = exports.ask(talk.tx, "report", wanted, person.id, talk.account.id, talk.now)
    actor = Actor(person.id, "resident", talk.account.channel)
    audit.note(talk.tx, actor, "proof.issue", f"person {person.id}", talk.now, after={"export": export_id})
    return talk.say(f"{period.name or period.days}您参加过 {times} 次活动，证明正在开，好了马上发给您。", earlier)
