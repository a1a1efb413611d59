"""Experiments: which parameters differ from the chapter's.

`data/inputs/chapter.yaml` is params.yaml with which the committed results were made. A notebook, a
page or a ledger made with other values says so on top.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML

from reprise.pipeline import parameters
from reprise.pipeline.execution import SECTION

CHAPTER = Path("data/inputs/chapter.yaml")
PIPELINE = Path("dvc.yaml")


class Change(NamedTuple):
    """A parameter with another value than the chapter's; None where it is missing."""

    key: str
    value: Any
    chapter: Any

    def __str__(self) -> str:
        """Return it in words, such as `dqn_training.activation = relu (chapter: elu)`."""
        value, chapter = (parameters.shown(each, str) for each in (self.value, self.chapter))
        return f"{self.key} = {value} (chapter: {chapter})"


def changes(stages: Iterable[str] | None = None, root: Path = Path()) -> list[Change]:
    """Return the parameters of some stages that differ from the chapter's.

    Args:
        stages: the names of the stages; all if None.
        root: the folder of params.yaml.

    Raises:
        UserError: params.yaml or chapter.yaml is missing or no YAML.
    """
    here, chapter = (parameters.read(root / path) for path in (parameters.PARAMETERS, CHAPTER))
    names = {**chapter, **here} if stages is None else list(stages)
    return [
        change
        for name in names
        if name != SECTION  # decides how packs run, and no result
        for change in _differences(name, here.get(name), chapter.get(name))
    ]


def sources(stage: str, root: Path = Path()) -> list[str]:
    """Return a stage and all stages that it depends on, however indirectly.

    >>> sources("approximate_q_learning")
    ['approximate_q_learning', 'dqn_training']
    """
    stages = YAML(typ="safe", pure=True).load(root / PIPELINE)["stages"]
    found = [stage]
    for name in found:  # grows while it is read
        deps = stages.get(name, {}).get("deps", ())
        read = [dep.split("/")[1] for dep in deps if dep.startswith("data/")]
        studied = parameters.read(root / parameters.PARAMETERS).get(name, {}).get("stage")
        found += [s for s in dict.fromkeys([*read, studied]) if s in stages and s not in found]
    return found


def _differences(key: str, value: Any, chapter: Any) -> Iterator[Change]:
    if isinstance(value, Mapping) and isinstance(chapter, Mapping):
        for name in {**chapter, **value}:
            yield from _differences(f"{key}.{name}", value.get(name), chapter.get(name))
    elif value != chapter:
        yield Change(key, value, chapter)
