"""What lists ask of many rows at once is what was asked of each before."""

from datetime import timedelta

from reports.periods import Period
from storage import assignments, counts, events, missed, need_board, need_categories, needs
from tests.conftest import MORNING

YEARS = Period.between(Period.season(2023).first, Period.season(2027).last)


async def test_places_and_comings_of_many_events_are_those_of_each(season):
    def look(tx):
        listed = events.listed(tx, YEARS.begins, YEARS.ends)
        ids = [event.id for event in listed]
        assert [outline.id for outline in events.outlined(tx, YEARS.begins, YEARS.ends)] == ids
        assert events.some(tx, ids) == listed
        each = {event: (events.taken(tx, event), events.waiting(tx, event)) for event in ids}
        held = {one.event_id: one.named + one.unnamed for one in counts.held_events(tx, YEARS.begins, YEARS.ends)}
        assert max(waiting for _, waiting in each.values()) > 0
        assert events.stand(tx, ids) == each
        assert counts.came(tx, list(held)) == held

    await season(look)


async def test_a_board_of_needs_shows_of_each_what_its_page_shows(season):
    def look(tx):
        board = need_board.under_way(tx, None)
        assert board == [needs.get(tx, need.id) for need in board] != []
        leads = assignments.leads(tx, [need.id for need in board])
        assert {need: lead.called for need, lead in leads.items()} == {
            need.id: lead.called for need in board if (lead := assignments.lead(tx, need.id)) is not None
        }
        told = needs.words_of(tx, board)
        assert told == {need.id: needs.text_of(tx, need)[0] for need in board}
        gists = need_board.gists(tx, board, need_categories.known(tx))
        assert set(gists) == set(told)

    await season(look)


async def test_what_was_lost_is_counted_as_it_is_listed(season):
    def look(tx):
        span = MORNING - timedelta(days=3650), MORNING + timedelta(days=3650)
        listed = missed.between(tx, *span)
        assert missed.count(tx, *span) == len(listed) == sum(missed.states(tx, *span).values())
        assert missed.between(tx, *span, at_most=1) == listed[:1]

    await season(look)
