"""The addresses around people, branches, points and what the house has set."""

from bot.console import (
    branches,
    house,
    in_town,
    incoming,
    merging,
    people,
    person_forms,
    point_forms,
    service_menus,
    undelivered,
)
from bot.console.access import ANYONE, DISTRICT, POINT_KEEPERS, READERS_OF_PEOPLE, SECRETARIES
from bot.console.doors import Door


def doors() -> list[Door]:
    return [
        Door("/console/people/in-town", in_town.page, READERS_OF_PEOPLE),
        Door("/console/people/new", person_forms.blank, POINT_KEEPERS),
        Door("/console/people/new", person_forms.register, POINT_KEEPERS, "POST"),
        Door("/console/people/{id:int}/correct", person_forms.correct_form, READERS_OF_PEOPLE),
        Door("/console/people/{id:int}/correct", person_forms.correct, READERS_OF_PEOPLE, "POST"),
        Door("/console/people/{id:int}/place", people.place, DISTRICT, "POST"),
        Door("/console/people/merge", merging.page, DISTRICT),
        Door("/console/people/merge", merging.merge, DISTRICT, "POST"),
        Door("/console/people/merge/{id:int}/part", merging.part, DISTRICT, "POST"),
        Door("/console/people/import", incoming.people_page, DISTRICT),
        Door("/console/people/import", incoming.people_preview, DISTRICT, "POST"),
        Door("/console/people/import/take-in", incoming.people_take_in, DISTRICT, "POST"),
        Door("/console/branches", branches.listing, SECRETARIES),
        Door("/console/branches", branches.establish, DISTRICT, "POST"),
        Door("/console/branches/{id:int}", branches.detail, SECRETARIES),
        Door("/console/branches/{id:int}/place", branches.place, SECRETARIES, "POST"),
        Door("/console/branches/{id:int}/note", branches.note, SECRETARIES, "POST"),
        Door("/console/branches/{id:int}/close", branches.close, DISTRICT, "POST"),
        Door("/console/points/import", incoming.points_page, DISTRICT),
        Door("/console/points/import", incoming.points_preview, DISTRICT, "POST"),
        Door("/console/points/import/take-in", incoming.points_take_in, DISTRICT, "POST"),
        Door("/console/points/{id:int}", point_forms.detail, ANYONE),
        Door("/console/points/{id:int}/change", point_forms.change_form, POINT_KEEPERS),
        Door("/console/points/{id:int}/change", point_forms.change, POINT_KEEPERS, "POST"),
        Door("/console/menus", service_menus.listing, ANYONE),
        Door("/console/points/{id:int}/menu", service_menus.form, POINT_KEEPERS),
        Door("/console/points/{id:int}/menu", service_menus.write, POINT_KEEPERS, "POST"),
        Door("/console/undelivered", undelivered.page, DISTRICT),
        Door("/console/settings", house.page, DISTRICT),
        Door("/console/settings/days", house.put_days, DISTRICT, "POST"),
        Door("/console/settings/days/drop", house.drop_day, DISTRICT, "POST"),
        Door("/console/settings/approval", house.set_approval, DISTRICT, "POST"),
        Door("/console/settings/places", house.add_place, DISTRICT, "POST"),
        Door("/console/settings/places/{id:int}/drop", house.drop_place, DISTRICT, "POST"),
    ]
