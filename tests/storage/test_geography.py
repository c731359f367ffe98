"""A place is the same place in both datums, and distances are those on the ground."""

from hypothesis import given
from hypothesis import strategies as st

from storage.geography import Place, metres_between

anywhere = st.builds(Place, st.floats(18.0, 53.0), st.floats(74.0, 134.0))


def test_the_datums_differ_in_sanya_by_some_470_metres():
    here = Place(18.2528, 109.5119)
    moved = here.as_gcj02()
    assert abs(moved.longitude - here.longitude - 0.0041) < 0.0003
    assert abs(moved.latitude - here.latitude + 0.0017) < 0.0003
    wrongly_read = Place(moved.latitude, moved.longitude, "wgs84")
    assert 400 < metres_between(here, wrongly_read) < 540


@given(anywhere)
def test_there_and_back_is_the_same_spot(place):
    assert metres_between(place.as_gcj02().as_wgs84(), place) < 0.1


@given(anywhere)
def test_a_place_is_no_distance_from_itself_in_the_other_datum(place):
    assert metres_between(place, place.as_gcj02()) < 0.1


def test_a_degree_of_latitude_is_a_hundred_and_eleven_kilometres():
    assert abs(metres_between(Place(18, 109), Place(19, 109)) - 111_195) < 10
