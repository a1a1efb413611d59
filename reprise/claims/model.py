"""Claims and the tests declared for them.

A claim is data: a form of test, one sample or two, and the region in which the whole interval must
lie. It is *confirmed* if the interval lies there, *refuted* if no part of it does, and otherwise
*unresolved*. `reprise.claims.sources` says where the samples come from.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from reprise.claims.sources import Source
from reprise.hyperparameters import Frozen, Name

CONFIRMED, REFUTED, UNRESOLVED = VERDICTS = ("confirmed", "refuted", "unresolved")

Form = Literal[
    "value", "every", "share", "mean", "median", "spread", "ratio", "difference", "improvement"
]
EXACT = ("value", "every")  # no sampling, no interval
OF_TWO = ("ratio", "difference", "improvement")

Pair = Annotated[tuple[float, float], Field(strict=False)]


class Region(Frozen):
    """A region of numbers: on one side of a margin, between two, or outside of them."""

    above: float | None = None
    at_least: float | None = None
    below: float | None = None
    at_most: float | None = None
    within: Pair | None = None  # includes its ends
    outside: Pair | None = None  # excludes its ends
    equal: str | None = None  # to a word

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        given = sorted(self.model_fields_set)
        if len(given) != 1:
            said = ", ".join(given) or "nothing"
            raise ValueError(
                f"claimed has {said}; allowed: one of {', '.join(Region.model_fields)}"
            )
        for name in ("within", "outside"):
            pair = getattr(self, name)
            if pair and not pair[0] < pair[1]:
                raise ValueError(f"{name} is {list(pair)}; allowed: the lower number first")
        return self

    @property
    def margins(self) -> tuple[float, ...]:
        """Return the numbers at which the region begins or ends."""
        single = (self.above, self.at_least, self.below, self.at_most)
        return self.within or self.outside or tuple(m for m in single if m is not None)

    def holds(self, value: float) -> bool:
        """Return whether a number lies in the region."""
        if self.within:
            return self.within[0] <= value <= self.within[1]
        if self.outside:
            return not self.outside[0] <= value <= self.outside[1]
        if self.above is not None:
            return value > self.above
        if self.at_least is not None:
            return value >= self.at_least
        if self.below is not None:
            return value < self.below
        return self.at_most is not None and value <= self.at_most

    def side(self, low: float, high: float) -> int:
        """Return 1 if all numbers from low to high lie in the region, -1 if none does, else 0."""
        if self.outside:
            return -Region(within=self.outside).side(low, high)
        ends = self.holds(low), self.holds(high)
        if all(ends):
            return 1
        crossed = self.within and low < self.within[0] and high > self.within[1]
        return 0 if any(ends) or crossed else -1

    def words(self) -> str:
        """Return the region in words, such as `above 0.5`."""
        name = next(iter(self.model_fields_set))
        value = getattr(self, name)
        if isinstance(value, tuple):
            return f"{name} {value[0]:.10g} to {value[1]:.10g}"
        said = value if isinstance(value, str) else f"{value:.10g}"
        return f"{_worded(name)} {said}"

    @classmethod
    def parsed(cls, words: str) -> Self:
        """Return the region for words such as `within 1 to 2`."""
        name = next(n for n in cls.model_fields if words.startswith(f"{_worded(n)} "))
        said = words.removeprefix(f"{_worded(name)} ")
        if name == "equal":
            return cls.model_validate({name: said})
        numbers = [float(number) for number in said.split(" to ")]
        return cls.model_validate({name: numbers if len(numbers) > 1 else numbers[0]})


def _worded(name: str) -> str:
    return "equal to" if name == "equal" else name.replace("_", " ")


class Test(Frozen):
    """The test of a claim."""

    __test__ = False  # for pytest

    form: Form
    of: Source
    than: Source | None = None
    counted: Region | None = None  # which values make up the share
    less_is_better: bool = False  # of an improvement
    claimed: Region

    @model_validator(mode="after")
    def _has_what_its_form_takes(self) -> Self:
        form = self.form
        for name, belongs in {
            "than": form in OF_TWO,
            "counted": form == "share",
            "less_is_better": form == "improvement",
        }.items():
            given = name in self.model_fields_set
            if given and not belongs:
                raise ValueError(f"form is {form!r}, which has no {name}")
            if belongs and not given and name != "less_is_better":
                raise ValueError(f"form is {form!r}, which needs {name}")
        if self.claimed.equal is not None and form != "value":
            raise ValueError(f"form is {form!r}, claimed is a word; allowed: a region")
        for name, source in (("of", self.of), ("than", self.than)):
            if source and form != "value" and not source.is_sample:
                raise ValueError(
                    f"form is {form!r}, which needs a sample from a table; {name} is none; "
                    "allowed: form 'value'"
                )
        return self

    @property
    def stages(self) -> tuple[str, ...]:
        """Return the stages with the test's samples, in order."""
        named = (source.stage for source in (self.of, self.than) if source)
        return tuple(dict.fromkeys(stage for stage in named if stage))


class Claim(Frozen):
    """A claim of the chapter, its place, its family and its test."""

    family: Name
    place: Name
    statement: Name
    measured: Name
    test: Test
    written_after_results: bool = False
