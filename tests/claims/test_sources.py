"""What a claim is measured on, and what is said of what is not there."""

import numpy as np
import pandas as pd
import pytest

from reprise.claims.sources import Source, sample, value
from reprise.errors import UserError
from tests.claims.claiming import Made, of


def values(**source) -> list[float]:
    return sample(Source.model_validate(of(**source)), Made()).values.tolist()


def test_rows_are_chosen_by_one_value_or_several():
    assert values(column="final", where={"variant": "base"}) == [1, 2, 3, 4]
    assert values(column="final", where={"variant": "base", "seed": [1, 3]}) == [2, 4]
    assert values(column="seed", where={"variant": ["base", "other"]}) == [0, 1, 2, 3] * 2


def test_rows_are_chosen_by_the_largest_value_and_by_having_one():
    assert values(column="final", largest="seed", where={"variant": "base"}) == [4]
    assert values(column="seed", known="held") == [1, 2, 3, 3]


def test_a_missing_value_is_left_out_and_counted_or_later_than_all():
    found = sample(Source.model_validate(of(column="final")), Made())
    assert (len(found.values), found.dropped) == (7, 1)
    late = sample(Source.model_validate(of(column="final", missing="late")), Made())
    assert (late.values[-1], late.dropped) == (np.inf, 0)
    none = sample(Source.model_validate(of(column="held", where={"seed": 0})), Made())
    assert (len(none.values), none.dropped) == (0, 2)
    assert values(column="done", where={"variant": "base"}) == [1, 0, 1, 0], "truth counts as one"


def test_values_are_divided_by_a_metric_of_the_same_stage():
    assert values(column="final", where={"variant": "base"}, over="sweeps") == [0.25, 0.5, 0.75, 1]
    assert values(column="final", over="nothing") == []


def test_the_last_of_each_group_is_held_against_the_one_before():
    swings = pd.DataFrame({"seed": [1, 1, 1, 2, 3, 3], "size": [1.0, 2, 6, 9, 4, 2]})
    source = Source.model_validate(of("swings", column="size", last_ratio_by="seed"))
    assert sample(source, Made(swings=swings)).values.tolist() == [3, 0.5]


@pytest.mark.parametrize(
    ("variant", "rows", "episodes", "times"),
    [
        # Seed 0: means of two rows 15, 25; after two rows of ten episodes 100 + 200 steps.
        ("base", 2, 10, [300, np.inf]),
        ("other", 1, 1, [np.inf]),  # has one seed only
        ("base", 9, 1, [np.inf, np.inf]),  # the table is shorter
    ],
)
def test_a_time_is_the_environment_steps_until_the_mean_reaches_a_target(
    variant, rows, episodes, times
):
    reaches = {"target": 15, "rows": rows, "episodes_per_row": episodes}
    where = {"variant": variant}
    assert values(table="returns", reaches=reaches, where=where, missing="late") == times


def test_one_value_is_a_metric_a_cell_or_a_logarithm():
    def one(**source):
        return value(Source.model_validate(source), Made())

    assert one(stage="training", metric="best.discount_0_9") == "a0"
    assert one(stage="training", metric="v1.2") == 3.5
    assert one(stage="training", metric="nothing") is None
    assert one(**of(column="final", where={"variant": "other", "seed": 1})) == 20
    assert one(logarithm_of={"base": 10, "exponent": 5}) == 5


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (of(column="finall"), "no column 'finall'; did you mean 'final'?"),
        (of(column="final", where={"varient": "base"}), "no column 'varient'; did you mean"),
        (of(column="final", where={"variant": "bass"}), "no variant 'bass'; did you mean 'base'?"),
        (of(column="final", where={"variant": ["base", "x"]}), "no variant 'x'; there are base, o"),
        (of(column="final", known="helt"), "no column 'helt'; did you mean 'held'?"),
        (of(column="variant"), "the column variant holds no numbers"),
        (of(column="final", over="sweep"), "no metric 'sweep'; did you mean 'sweeps'?"),
        (of(column="final", over="zero"), "the metric zero is 0.0, no divisor"),
        (of(column="final", over="best.discount_0_9"), "is 'a0', no divisor"),
    ],
)
def test_what_is_not_there_is_named_with_the_closest(source, message):
    with pytest.raises(UserError) as error:
        sample(Source.model_validate(source), Made())
    assert message in str(error.value)


def test_one_value_is_neither_a_mapping_nor_many():
    for source, message in (
        ({"stage": "training", "metric": "best"}, "no metric 'best'; there are best.disc"),
        (of(column="final"), "data/training/samples has 7 values; allowed: one"),
    ):
        with pytest.raises(UserError, match=message):
            value(Source.model_validate(source), Made())
