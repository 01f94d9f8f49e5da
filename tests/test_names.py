"""Unique names."""

from mtlc.names import Names


def test_a_free_name_stays_as_it_is():
    assert Names(["neck"]).fresh("encoder") == "encoder"


def test_a_taken_name_gets_the_next_free_number():
    names = Names(["depth", "depth_2"])
    assert [names.fresh("depth"), names.fresh("depth")] == ["depth_3", "depth_4"]
