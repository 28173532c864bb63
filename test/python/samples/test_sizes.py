"""The generators of any size: what they make can be repeated, comes as it is made, and is as much as said."""

from collections import Counter
from itertools import islice

import pytest

from samples.generator.systems import commerce_events, marketing, petforce
from samples.generator.systems.deliveries import write_rows

TEN_MILLION = 10_000_000
LARGE = {
    "marketing": lambda: marketing.rows(*marketing.SIZES["large"]),
    "commerce": lambda: commerce_events.events(commerce_events.SIZES["large"]),
    "households": lambda: petforce.Generator("large").rows(),
}


@pytest.mark.parametrize("made", LARGE.values(), ids=LARGE)
def test_the_first_rows_of_a_large_size_are_there_at_once_and_the_same_again(made):
    """A generator that made all of them first would not end within this test."""
    rows = list(islice(made(), 3_000))
    assert len(rows) == 3_000
    assert rows == list(islice(made(), 3_000))


def test_another_seed_makes_other_rows():
    size = petforce.SIZES["small"]
    one, other = (list(islice(petforce.Generator(size, seed).rows(), 50)) for seed in (1, 2))
    assert one != other


def test_a_large_size_has_ten_million_events():
    campaigns, days = marketing.SIZES["large"]
    assert 2 * campaigns * days == TEN_MILLION
    assert petforce.SIZES["large"].logs == TEN_MILLION
    size = commerce_events.SIZES["large"]
    few = sum(1 for _ in commerce_events.events(commerce_events.Size(2_000, 9, 200, 8, 1)))
    assert abs(few * size.sessions / 2_000 / TEN_MILLION - 1) < 0.05


def test_little_of_the_large_households_is_odd_and_nothing_of_it_is_missing():
    """In the small size a third is; of ten million rows as many again would be late ones."""
    size = petforce.Size(*[2_000] * 5, 30, petforce.SIZES["large"].rarity)
    deliveries = Counter(delivery for delivery, _, _ in petforce.Generator(size).rows())
    assert set(deliveries) == {"first", "late", "straggler"}
    assert 0.005 < (deliveries["late"] + deliveries["straggler"]) / deliveries["first"] < 0.02


def test_a_file_takes_so_many_lines_and_the_next_one_goes_on(tmp_path):
    rows = [("first/users", {"n": n}) for n in range(5)] + [("late/users", {"n": 9})]
    counts = write_rows(tmp_path, rows, lines_per_file=2)
    assert counts == {
        **{"first/users-0000.ndjson": 2, "first/users-0001.ndjson": 2, "first/users-0002.ndjson": 1},
        **{"late/users-0000.ndjson": 1},
    }
    texts = [(tmp_path / name).read_text() for name in counts]
    assert "".join(texts) == "".join(f'{{"n": {n}}}\n' for n in (0, 1, 2, 3, 4, 9))
