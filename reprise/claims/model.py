"""Claims and the tests declared for them.

A claim is data: a form of test, one or two samples, and a region of numbers. It is *confirmed* if
the whole interval lies in the region, *refuted* if no part of it does, and otherwise *unresolved*.
It is also refuted if the effect is too small to matter: the whole interval lies short of the
smallest effect that matters. `reprise.claims.sources` defines the samples.
"""

from operator import ge, gt, le, lt
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, model_validator

from reprise.claims.sources import Source
from reprise.hyperparameters import Frozen, Name, PositiveInt

CONFIRMED, REFUTED, UNRESOLVED = VERDICTS = ("confirmed", "refuted", "unresolved")

OneSample = Literal["value", "every", "share", "mean", "median", "spread"]
TwoSamples = Literal["ratio", "difference", "improvement", "correlation"]

EXACT = ("value", "every")  # forms without an interval
TAKEN_BY = {  # fields that only these forms have
    "than": get_args(TwoSamples),
    "counted": ("share",),
    "less_is_better": ("improvement",),
}
PAIRED = ("ratio", "correlation")  # forms with two values of each seed
ONE_SIDED = {"above": gt, "at_least": ge, "below": lt, "at_most": le}
RISING = ("above", "at_least")

Pair = Annotated[tuple[float, float], Field(strict=False)]


class Region(Frozen):
    """Numbers beyond a margin, between two, or outside."""

    above: float | None = None
    at_least: float | None = None
    below: float | None = None
    at_most: float | None = None
    within: Pair | None = None  # includes its ends
    outside: Pair | None = None  # excludes its ends
    equal: str | None = None  # a word

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        given = self.model_dump(exclude_none=True)
        if len(given) != 1:
            names, known = ", ".join(sorted(given)) or "nothing", ", ".join(Region.model_fields)
            raise ValueError(f"claimed has {names}; allowed: one of {known}")
        ((name, value),) = given.items()
        if isinstance(value, tuple) and not value[0] < value[1]:
            raise ValueError(f"{name} is {list(value)}; allowed: the lower number first")
        return self

    @property
    def _given(self) -> tuple[str, Any]:
        return next(iter(self.model_dump(exclude_none=True).items()))

    @property
    def margins(self) -> tuple[float, ...]:
        """The numbers at which the region begins or ends."""
        name, value = self._given
        return () if name == "equal" else value if isinstance(value, tuple) else (value,)

    def holds(self, value: float) -> bool:
        """True if the number lies in the region."""
        name, given = self._given
        if isinstance(given, tuple):
            return (given[0] <= value <= given[1]) == (name == "within")
        return name in ONE_SIDED and ONE_SIDED[name](value, given)

    def side(self, low: float, high: float) -> int:
        """Return 1 for an interval inside, -1 outside, else 0."""
        between = (margin for margin in self.margins if low <= margin <= high)
        found = {self.holds(number) for number in (low, high, *between)}
        return 0 if len(found) > 1 else 1 if True in found else -1

    def short(self, low: float, high: float, matters: float) -> bool:
        """True if the whole interval is too small to matter."""
        return high < matters if self._given[0] in RISING else low > matters

    def words(self) -> str:
        """Write the region in words, such as `above 0.5`."""
        name, value = self._given
        numbers = " to ".join(f"{margin:.10g}" for margin in self.margins)
        return f"{'equal to' if name == 'equal' else name.replace('_', ' ')} {numbers or value}"


class Test(Frozen):
    """The test of a claim."""

    __test__ = False  # pytest must not collect it

    form: Literal[OneSample, TwoSamples]
    of: Source
    than: Source | None = None
    counted: Region | None = None  # the values that a share counts
    less_is_better: bool = False  # for an improvement
    claimed: Region
    matters: float | None = None  # the smallest effect that matters

    @model_validator(mode="after")
    def _matters_beyond_the_margin(self) -> Self:
        if self.matters is None:
            return self
        words = self.claimed.words()
        if self.form in EXACT or not set(self.claimed.model_fields_set) & set(ONE_SIDED):
            raise ValueError(f"{self.form} {words} has matters; allowed: only with one margin")
        if not self.claimed.holds(self.matters) or self.matters in self.claimed.margins:
            raise ValueError(f"matters is {self.matters}; allowed: {words}, beyond the margin")
        return self

    @model_validator(mode="after")
    def _has_what_its_form_takes(self) -> Self:
        form = f"form is {self.form!r}"
        for name, forms in TAKEN_BY.items():
            given = name in self.model_fields_set
            if given and self.form not in forms:
                raise ValueError(f"{name} is given, but {form}; allowed: {', '.join(forms)}")
            if self.form in forms and not given and name != "less_is_better":
                raise ValueError(f"{form}, but {name} is missing")
        if self.form == "value":
            return self
        if self.claimed.equal is not None:
            raise ValueError(f"{form}, but claimed is a word; allowed: numbers")
        if any(source and source.table is None for source in (self.of, self.than)):
            raise ValueError(f"{form}, but a source is no table; allowed: only with form 'value'")
        return self

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that the test reads, in order."""
        named = [source.stage for source in (self.of, self.than) if source]
        return tuple(dict.fromkeys(stage for stage in named if stage))


class Claim(Frozen):
    """A claim of the chapter."""

    family: Name
    place: Name
    statement: Name
    measured: Name
    test: Test
    seeds: PositiveInt | None = None  # of each sample; None for an exact test
    pilot: Name | None = None  # the result on other seeds, before the test was declared
    why: Name | None = None  # the reason for another test than in the first edition
    replaces: tuple[Name, ...] = Field((), strict=False)  # claims of the first edition

    @model_validator(mode="after")
    def _says_how_many_seeds(self) -> Self:
        if (self.seeds is None) != (self.test.form in EXACT):
            wanted = "null" if self.seeds else "the number of seeds that the test needs"
            raise ValueError(
                f"form is {self.test.form!r}, seeds is {self.seeds}; allowed: {wanted}"
            )
        return self
