"""Which number to give a person: the one of their service point, else the one of the house."""

from dialogue.talk import Talk
from storage import people, points, settings


def of_house(talk: Talk) -> str:
    """The phone of the person's point; without one, the support phone of the settings."""
    person = people.find(talk.tx, talk.person_id)
    if person is not None and person.point_id is not None:
        return points.get(talk.tx, person.point_id).phone
    return settings.support_phone(talk.tx)
