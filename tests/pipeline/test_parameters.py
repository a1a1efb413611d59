"""Every way in which params.yaml can be wrong, and the one line that says so."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pytest
from pydantic import Field, ValidationError, model_validator
from ruamel.yaml import YAML

from reprise.hyperparameters import (
    Discount,
    Frozen,
    HiddenSizes,
    PositiveFloat,
    PositiveInt,
    Probability,
    Seed,
)
from reprise.pipeline import parameters
from reprise.pipeline.parameters import ParameterError, load, read
from tests import tiny


class Evaluation(Frozen):
    episodes: PositiveInt
    caps: Annotated[tuple[PositiveInt, ...], Field(strict=False, min_length=1)]


class Params(Frozen):
    seed: Seed
    batch_size: PositiveInt
    replay_capacity: PositiveInt
    learning_rate: PositiveFloat
    discount: Discount
    epsilon: Probability
    activation: Literal["elu", "relu", "tanh"]
    double: bool
    hidden_sizes: HiddenSizes
    clip: PositiveFloat | None
    evaluation: Evaluation

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.batch_size > self.replay_capacity:
            raise ValueError(f"batch_size {self.batch_size}: at most {self.replay_capacity}")
        return self


VALUES = {
    "seed": "42", "batch_size": "32", "replay_capacity": "2000", "learning_rate": "1e-05",
    "discount": "0.95", "epsilon": "1", "activation": "elu", "double": "false",
    "hidden_sizes": "[32, 32]", "clip": "null", "evaluation": "{episodes: 10, caps: [200, 500]}",
}  # fmt: skip


def section(**changes: str | None) -> str:
    """Return the section as text, with other values, with more keys, or without those of None."""
    values = {key: value for key, value in (VALUES | changes).items() if value is not None}
    return "dqn_training:\n" + "".join(f"  {key}: {value}\n" for key, value in values.items())


def refused(tmp_path: Path, text: str | bytes, name: str = "dqn_training") -> str:
    path = tmp_path / "params.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ParameterError) as error:
        load(name, Params, path)
    assert "\n" not in str(error.value)
    return str(error.value).replace(str(path), "params.yaml")


def test_a_section_becomes_a_frozen_model(tmp_path: Path):
    path = tmp_path / "params.yaml"
    path.write_text(section() + "markov_chain:\n  steps: 8\n")
    params = load("dqn_training", Params, path)
    assert params.learning_rate == 1e-5
    assert params.hidden_sizes == (32, 32)
    assert params.evaluation.caps == (200, 500)
    assert params.epsilon == 1
    assert params.clip is None
    with pytest.raises(ValidationError, match="frozen"):
        params.seed = 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch_size": "0"}, "batch_size is 0; allowed: greater than 0"),
        ({"batch_size": "true"}, "batch_size is true; allowed: a valid integer"),
        ({"batch_size": "'32'"}, "batch_size is '32'; allowed: a valid integer"),
        ({"seed": "4294967296"}, "seed is 4294967296; allowed: less than 4294967296"),
        ({"learning_rate": ".inf"}, "learning_rate is inf; allowed: a finite number"),
        ({"double": "yes"}, "double is 'yes'; allowed: a valid boolean"),
        ({"activation": "rleu"}, "activation is 'rleu'; allowed: one of elu, relu, tanh; did you"),
        ({"hidden_sizes": "[32, 0]"}, "hidden_sizes.1 is 0; allowed: greater than 0"),
        ({"evaluation": "{episode: 1, caps: [1]}"}, "evaluation.episode is unknown; did you mean"),
        ({"evaluation": "{caps: [1]}"}, "evaluation.episodes is missing"),
        ({"discount": None}, "discount is missing"),
        ({"batch_size": None, "batch_sise": "3"}, "batch_sise is unknown; did you mean batch_size"),
        ({"batch_size": "4000"}, "batch_size 4000: at most 2000"),  # the model's own words
        ({"seed": "1" * 99}, f"seed is too large; allowed: at most {2**63 - 1}"),
        ({"seed": "x" * 99}, f"seed is '{'x' * 56}...; allowed: a valid integer"),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(tmp_path: Path, changes, message):
    assert refused(tmp_path, section(**changes)).startswith(f"dqn_training.{message}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "params.yaml holds null; allowed: a mapping with a section for each stage"),
        ("a: [1", "params.yaml is not YAML: line 1: expected ',' or ']', but got '<stream end>'"),
        ("a: 1\n---\nb: 2\n", "params.yaml is not YAML: line 2: but found another document"),
        (b"a: \xff", "params.yaml is not YAML: invalid start byte"),
        ("[" * 1000, "params.yaml is not YAML: maximum recursion depth exceeded"),
        (section() + "  seed: 3\n", 'params.yaml is not YAML: line 13: found duplicate key "seed"'),
        ("dqn_traning:\n  seed: 1\n", "params.yaml has no section dqn_training; did you mean dqn_"),
        ("dqn_training:\n", f"dqn_training is null; allowed: a mapping with {', '.join(VALUES)}"),
    ],
)
def test_a_bad_file_is_named_with_its_line(tmp_path: Path, text, message):
    assert refused(tmp_path, text).startswith(message)


def test_a_missing_file_says_where_to_run(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = "params.yaml cannot be read: No such file or directory; run from the repository's root"
    with pytest.raises(ParameterError, match=f"^{said}$"):
        load("dqn_training", Params)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: {environment: {kwargs: {size: 5}}}",
         "a.environment.kwargs.size is not allowed, as DVC's run-cache ignores keys named size and "
         "nfiles, so a change would not run the stage again; "
         "allowed: a list, a.environment.kwargs: [{name: size, value: ...}]"),
        ("a: {wrappers: [{name: TimeLimit, size: 5}]}", "a.wrappers.0.size is not allowed, "),
        ("a: {variants: {nfiles: {}}}", "a.variants.nfiles is not allowed, "),
    ],
)  # fmt: skip
def test_a_key_that_the_run_cache_of_dvc_ignores_is_refused(text: str, said: str, tmp_path: Path):
    (path := tmp_path / "params.yaml").write_text(text)
    with pytest.raises(ParameterError) as error:
        load(text.partition(":")[0], Params, path)
    assert str(error.value).startswith(said)
    assert len(said) < 60 or str(error.value) == said


def turned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: turned(inner) for key, inner in reversed(value.items())}
    return [turned(item) for item in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Any]:
    """Read two files of all stages' tiny parameters, their mappings in opposite orders."""
    sections = {name: tiny.section(name) for name in tiny.STAGES}
    folder = tmp_path_factory.mktemp("orders")
    paths = [folder / "params.yaml", folder / "turned.yaml"]
    for path, values in zip(paths, (sections, turned(sections)), strict=True):
        YAML().dump(values, path)
    assert len({path.read_text() for path in paths}) == 2
    return {path: read(path) for path in paths}


@pytest.mark.parametrize("name", tiny.STAGES)
def test_the_order_of_a_mapping_decides_nothing(name, written, monkeypatch):
    """DVC ignores it: a stage and its notebook get the same values, to the last key."""
    monkeypatch.setattr(parameters, "read", written.__getitem__)
    model = tiny.stage(name).Params
    first, second = [repr((load(name, model, p), found[name])) for p, found in written.items()]
    assert first == second
