"""What a claim is measured on, and what is said of what is not there."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from reprise.claims.sources import Sample, Source, sample, value
from reprise.errors import UserError
from tests.claims.claiming import Made, of

BASE = {"variant": "base"}
SWINGS = pd.DataFrame({"seed": [1, 1, 1, 2, 3, 3], "size": [1.0, 2, 6, 9, 4, 2]})


def sampled(source: dict[str, Any]) -> Sample:
    return sample(Source.model_validate(source), Made(swings=SWINGS))


def one(**source: Any) -> Any:
    return value(Source.model_validate(source), Made())


@pytest.mark.parametrize(
    ("source", "values", "dropped"),
    [
        (of(column="final", where=BASE), [1, 2, 3, 4], 0),
        (of(column="final", where={**BASE, "seed": [1, 3]}), [2, 4], 0),
        (of(column="seed", where={"variant": ["base", "other"]}), [0, 1, 2, 3] * 2, 0),
        (of(column="final", where=BASE, largest="seed"), [4], 0),
        (of(column="seed", known="held"), [1, 2, 3, 3], 0),
        (of(column="final"), [1, 2, 3, 4, 10, 20, 30], 1),  # a missing value is counted
        (of(column="final", missing="late"), [1, 2, 3, 4, 10, 20, 30, np.inf], 0),
        (of(column="held", where={"seed": 0}), [], 2),
        (of(column="done", where=BASE), [1, 0, 1, 0], 0),  # truth counts as one
        (of(column="final", where=BASE, over="sweeps"), [0.25, 0.5, 0.75, 1], 0),
        (of(column="final", over="nothing"), [], 8),
        (of("swings", column="size", last_ratio_by="seed"), [3, 0.5], 0),
    ],
)
def test_a_sample_is_of_the_rows_that_its_source_describes(source, values, dropped):
    found = sampled(source)
    assert (found.values.tolist(), found.dropped) == (values, dropped)


def test_one_value_is_a_metric_a_cell_or_a_logarithm():
    assert one(stage="training", metric="best.discount_0_9") == "a0"
    assert one(stage="training", metric="v1.2") == 3.5
    assert one(stage="training", metric="nothing") is None
    assert one(**of(column="final", where={"variant": "other", "seed": 1})) == 20
    assert one(logarithm_of={"base": 10, "exponent": 5}) == 5
    with pytest.raises(UserError, match=r"no metric 'best'; allowed: best\.disc"):
        one(stage="training", metric="best")
    with pytest.raises(UserError, match="data/training/samples has 7 values; allowed: one"):
        one(**of(column="final"))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (of(column="finall"), "no column 'finall'; did you mean 'final'?"),
        (of(column="final", where={"varient": "base"}), "no column 'varient'; did you mean"),
        (of(column="final", where={"variant": "bass"}), "no variant 'bass'; did you mean 'base'?"),
        (of(column="final", where={"variant": ["base", "x"]}), "no variant 'x'; allowed: base, ot"),
        (of(column="final", known="helt"), "no column 'helt'; did you mean 'held'?"),
        (of(column="variant"), "has text in the column variant; allowed: numbers"),
        (of(column="final", over="sweep"), "no metric 'sweep'; did you mean 'sweeps'?"),
        (
            of(column="final", over="zero"),
            "metrics.json has zero = 0.0, which is no divisor; allowed",
        ),
        (of(column="final", over="best.discount_0_9"), "= 'a0', which is no divisor"),
    ],
)
def test_what_is_not_there_is_named_with_the_closest(source, message):
    with pytest.raises(UserError) as error:
        sampled(source)
    assert message in str(error.value)
