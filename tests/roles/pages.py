"""Who gets in at which address of the console: a line for each, with those who may. A new address needs one here."""

from dataclasses import dataclass, field

from tests.roles.district import OFFICES


@dataclass(frozen=True)
class Page:
    """Those `by` whom it is opened; all others of the staff are refused. `at` names whom its address is about.

    `finds` is false where there is nothing of the kind in the district of these tests.
    """

    by: frozenset[str]
    form: dict = field(default_factory=dict)
    at: dict = field(default_factory=dict)
    finds: bool = True


def page(by, at=None, finds=True, **form):
    return Page(frozenset(by), form, at or {}, finds)


STAFF = set(OFFICES)
DISTRICT = {"district"}
OVERSEERS = {"district", "auditor"}
LEADS = {"here_lead", "there_lead", *DISTRICT}
SECRETARIES = {"here_secretary", "there_secretary", *DISTRICT}
ORGANISERS = {"here_organiser", "there_organiser", "maker", *LEADS, *SECRETARIES}
COUNTERS = ORGANISERS | {"auditor"}
# Of point 1, event 1, 王秀英: the others of the same role have another point, another event, other people.
HERE_LEADS = {"here_lead", *DISTRICT}
HERE_ORGANISERS = {"here_organiser", "here_secretary", *HERE_LEADS}
HERE_CHECKERS = {"here_checker", *HERE_ORGANISERS}
OF_SERIES = {"here_organiser", *HERE_LEADS}
READERS = {"here_lead", "here_secretary", *DISTRICT}
OF_BRANCH = {"here_secretary", *DISTRICT}
NO_ONE: set[str] = set()
WANG = {"id": "王秀英"}
NEW_POLL = {"question": "%E9%95%BF%E6%A4%85%E6%94%BE%E5%93%AA%E5%84%BF", "options": "a,b", "until": "2026-12-10"}

HIDDEN = {  # open to everyone: a link that is good once, and what pages are made of
    ("GET", "/console/in/{token}"): 410,
    ("POST", "/console/in/{token}"): 410,
    ("GET", "/console/assets/{name}"): 200,
}
_GET = {
    "/console": page(STAFF),
    "/console/audit": page(OVERSEERS),
    "/console/branches": page(SECRETARIES),
    "/console/branches/{id:int}": page(OF_BRANCH),
    "/console/broadcasts": page(ORGANISERS),
    "/console/broadcasts/new": page(ORGANISERS),
    "/console/broadcasts/{id:int}": page(HERE_LEADS),
    "/console/broadcasts/{id:int}/file": page(HERE_LEADS, finds=False),
    "/console/broadcasts/{id:int}/progress": page(HERE_LEADS),
    "/console/calls": page(ORGANISERS),
    "/console/events": page(STAFF),
    "/console/events/calendar": page(STAFF),
    "/console/events/new": page(ORGANISERS),
    "/console/events/series": page(COUNTERS),
    "/console/events/series/new": page(ORGANISERS),
    "/console/events/series/{id:int}": page(OF_SERIES | {"auditor"}),
    "/console/events/series/{id:int}/handouts/{handout:int}": page(
        OF_SERIES | {"auditor"}, {"handout": 1}, finds=False
    ),
    "/console/events/{id:int}": page(HERE_CHECKERS | {"auditor"}),
    "/console/events/{id:int}/change": page(HERE_ORGANISERS),
    "/console/events/{id:int}/desk": page(HERE_CHECKERS),
    "/console/events/{id:int}/roll": page(HERE_CHECKERS),
    "/console/events/{id:int}/sheet": page(HERE_CHECKERS),
    "/console/events/{id:int}/stalls": page(HERE_CHECKERS),
    "/console/events/{id:int}/stalls/board": page(HERE_CHECKERS),
    "/console/files": page(STAFF),
    "/console/files/{id:int}": page({"here_lead"}),
    "/console/health": page(DISTRICT),
    "/console/jobs": page(STAFF),
    "/console/menus": page(STAFF),
    "/console/needs": page(LEADS | {"auditor"}),
    "/console/needs/priority": page(LEADS | {"auditor"}),
    "/console/needs/{id:int}": page(HERE_LEADS | {"auditor"}),
    "/console/people": page(LEADS | SECRETARIES),
    "/console/people/import": page(DISTRICT),
    "/console/people/in-town": page(LEADS | SECRETARIES),
    "/console/people/merge": page(DISTRICT),
    "/console/people/new": page(LEADS),
    "/console/people/{id:int}": page(READERS, WANG),
    "/console/people/{id:int}/correct": page(READERS, WANG),
    "/console/people/{id:int}/proof": page(OF_BRANCH, WANG),
    "/console/points": page(STAFF),
    "/console/points/import": page(DISTRICT),
    "/console/points/{id:int}": page(STAFF),
    "/console/points/{id:int}/change": page(HERE_LEADS),
    "/console/points/{id:int}/menu": page(HERE_LEADS),
    "/console/polls": page(LEADS | SECRETARIES),
    "/console/reports": page(COUNTERS),
    "/console/roles": page(DISTRICT),
    "/console/settings": page(DISTRICT),
    "/console/settings/needs": page(DISTRICT),
    "/console/undelivered": page(DISTRICT),
    "/console/wishes": page(LEADS),
    "/console/wishes/{id:int}": page(HERE_LEADS),
    "/console/{rest:path}": page(NO_ONE),
}
_POST = {
    "/console/branches": page(DISTRICT),
    "/console/branches/{id:int}/close": page(DISTRICT),
    "/console/branches/{id:int}/note": page(OF_BRANCH, person="{王秀英}", what="verified"),
    "/console/branches/{id:int}/place": page(OF_BRANCH, person="{李建国}"),
    "/console/broadcasts/new": page(ORGANISERS),
    "/console/broadcasts/{id:int}/decide": page(DISTRICT),
    "/console/broadcasts/{id:int}/hand-in": page(HERE_LEADS),
    "/console/broadcasts/{id:int}/phone": page(HERE_LEADS, finds=False),
    "/console/broadcasts/{id:int}/preview": page(HERE_LEADS),
    "/console/broadcasts/{id:int}/steer": page(HERE_LEADS, step="stop"),
    "/console/calls/{id:int}/note": page(HERE_LEADS, result="told"),
    "/console/events/new": page(ORGANISERS),
    "/console/events/series/new": page(ORGANISERS),
    "/console/events/series/{id:int}/handouts": page(OF_SERIES),
    "/console/events/series/{id:int}/handouts/{handout:int}/drop": page(OF_SERIES, {"handout": 1}, finds=False),
    "/console/events/series/{id:int}/unmask": page(OF_SERIES, reason="example"),
    "/console/events/{id:int}/cancel": page(HERE_ORGANISERS, reason="example"),
    "/console/events/{id:int}/change": page(HERE_ORGANISERS),
    "/console/events/{id:int}/close": page(HERE_CHECKERS),
    "/console/events/{id:int}/count": page(HERE_CHECKERS, number=3),
    "/console/events/{id:int}/enter": page(HERE_CHECKERS, words="1"),
    "/console/events/{id:int}/note": page(HERE_CHECKERS, person="{resident}", what="attended"),
    "/console/events/{id:int}/publish": page(HERE_ORGANISERS),
    "/console/events/{id:int}/sheet": page(HERE_CHECKERS),
    "/console/events/{id:int}/sign-off": page(HERE_ORGANISERS, person="{resident}"),
    "/console/events/{id:int}/sign-up": page(HERE_ORGANISERS, name="example"),
    "/console/events/{id:int}/stalls/add": page(HERE_ORGANISERS),
    "/console/events/{id:int}/stalls/back": page(HERE_CHECKERS, finds=False),
    "/console/events/{id:int}/stalls/call": page(HERE_CHECKERS, stall=1, after=0),
    "/console/events/{id:int}/stalls/shut": page(HERE_CHECKERS, stall=1),
    "/console/events/{id:int}/stalls/take": page(HERE_CHECKERS, stall=1, words="2"),
    "/console/events/{id:int}/walk-in": page(HERE_CHECKERS, name="example"),
    "/console/events/{id:int}/withdraw": page(HERE_ORGANISERS),
    "/console/files/{id:int}/cancel": page({"here_lead"}),
    "/console/health/release": page(DISTRICT),
    "/console/needs/{id:int}/assign": page(DISTRICT, owner="{owner}"),
    "/console/needs/{id:int}/mark": page(DISTRICT),
    "/console/needs/{id:int}/obstacle": page(DISTRICT, words="example"),
    "/console/needs/{id:int}/unlist": page(DISTRICT),
    "/console/needs/{id:int}/visit": page(DISTRICT, units="example", result="example"),
    "/console/people/import": page(DISTRICT),
    "/console/people/import/take-in": page(DISTRICT),
    "/console/people/merge": page(DISTRICT),
    "/console/people/merge/{id:int}/part": page(DISTRICT, {"id": "她的另一份"}),
    "/console/people/new": page(LEADS),
    "/console/people/{id:int}/correct": page(READERS, WANG),
    "/console/people/{id:int}/place": page(DISTRICT, WANG, branch=1),
    "/console/people/{id:int}/proof": page(OF_BRANCH, WANG),
    "/console/people/{id:int}/unmask": page(READERS, WANG, reason="example"),
    "/console/points/import": page(DISTRICT),
    "/console/points/import/take-in": page(DISTRICT),
    "/console/points/{id:int}/change": page(HERE_LEADS),
    "/console/points/{id:int}/closures": page(HERE_LEADS, first="2027-02-05"),
    "/console/points/{id:int}/closures/{closure:int}/drop": page(HERE_LEADS, {"closure": 1}, finds=False),
    "/console/points/{id:int}/menu": page(HERE_LEADS),
    "/console/polls": page({"here_lead", *SECRETARIES}, community="460204000001", **NEW_POLL),
    "/console/polls/{id:int}/answer": page({"here_lead", *SECRETARIES}, {"id": 2}, words="example"),
    "/console/reports": page(COUNTERS, report="event_ledger", **{"from": "2026-11-01", "to": "2026-11-30"}),
    "/console/roles": page(DISTRICT),
    "/console/roles/{id:int}/revoke": page(DISTRICT),
    "/console/settings/approval": page(DISTRICT),
    "/console/settings/caps": page(DISTRICT),
    "/console/settings/days": page(DISTRICT),
    "/console/settings/days/drop": page(DISTRICT),
    "/console/settings/needs": page(DISTRICT),
    "/console/settings/needs/rules": page(DISTRICT),
    "/console/settings/needs/rules/drop": page(DISTRICT),
    "/console/settings/places": page(DISTRICT),
    "/console/settings/places/{id:int}/drop": page(DISTRICT, finds=False),
    "/console/sign-out": page(STAFF),
    "/console/suggestions/{id:int}/answer": page(HERE_LEADS, words="example"),
    "/console/wishes/{id:int}/both": page(HERE_LEADS),
    "/console/wishes/{id:int}/post": page(HERE_LEADS),
    "/console/wishes/{id:int}/step": page(HERE_LEADS),
}
PAGES = {("GET", path): one for path, one in _GET.items()} | {("POST", path): one for path, one in _POST.items()}
