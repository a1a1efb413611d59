"""Sections of params.yaml as frozen typed models.

params.yaml is read as YAML 1.2, where `1e-05` is a number and `yes` is text. A bad value gives one
clear line.

Nothing that DVC ignores may decide a result. DVC ignores the order of keys in a mapping, so they
are read in the natural order of their names. DVC's run-cache ignores some names, so they are
errors.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from reprise.errors import UserError, closest, suggestion
from reprise.pipeline.execution import SECTION

PARAMETERS = Path("params.yaml")
CHAPTER = Path("data/inputs/chapter.yaml")  # the params.yaml of the committed results
PIPELINE = Path("dvc.yaml")
UNSEEN = ("size", "nfiles")
"""Keys that DVC's run-cache ignores at every depth (`dvc.stage.cache._get_cache_hash`)."""
LARGEST = 2**63 - 1  # the largest integer, as int64 holds no more

P = TypeVar("P", bound=BaseModel)


class ParameterError(UserError, ValueError):
    """A parameter that is missing, misspelt or not allowed."""


def load(section: str, model: type[P], path: Path = PARAMETERS) -> P:
    """Read a section of the parameters file as a model.

    A model can hold other sections in fields. Its static method `borrowed` takes its own section
    and returns, by field, the name and model of each other one. A ParameterError names the key, its
    value and what is allowed.
    """
    sections = read(path)

    def found(name: str) -> Any:
        if name not in sections:
            raise ParameterError(f"{path} has no section {name}; {suggestion(name, sections)}")
        return sections[name]

    values = found(section)
    if isinstance(values, dict) and (borrowed := getattr(model, "borrowed", None)):
        others = borrowed(values).items()
        values |= {field: checked(found(name), name, other) for field, (name, other) in others}
    return checked(values, section, model)


def checked(values: object, section: str, model: type[P]) -> P:
    """Check values and return them as a model.

    >>> from reprise.hyperparameters import Recorded
    >>> checked({"iterations": 10, "record_every": 5}, "td_learning", Recorded)
    Recorded(iterations=10, record_every=5)

    A ParameterError names the key in the section, its value and what is allowed.
    """
    if not isinstance(values, dict):
        keys = ", ".join(model.model_fields)
        raise ParameterError(f"{section} is {shown(values)}; allowed: a mapping with {keys}")
    for key, value in _items(values, section):
        if isinstance(value, int) and abs(value) > LARGEST:
            raise ParameterError(f"{key} is too large; allowed: at most {LARGEST}")
        outer, _, last = key.rpartition(".")
        if last in UNSEEN:
            listed = f"a list, {outer}: [{{name: {last}, value: ...}}]"
            allowed = listed if outer.endswith(".kwargs") else "any other name"
            raise ParameterError(
                f"{key} is not allowed, as DVC's run-cache ignores keys named "
                f"{' and '.join(UNSEEN)}, so a change would not run the stage again; allowed: "
                f"{allowed}"
            )
    try:
        return model.model_validate(values)
    except ValidationError as error:
        fault = _fault(error, section, model.model_json_schema())
        raise ParameterError(" ".join(fault.split())) from None


def _items(value: object, key: str) -> Iterator[tuple[str, object]]:
    """Yield a value and its inner values, by dotted name."""
    yield key, value
    pairs = value.items() if isinstance(value, Mapping) else ()
    for name, inner in enumerate(value) if isinstance(value, list | tuple) else pairs:
        yield from _items(inner, f"{key}.{name}")


def _fault(error: ValidationError, section: str, schema: Mapping[str, Any]) -> str:
    """Describe a misspelt key, otherwise pydantic's first error."""
    details = error.errors(include_url=False)
    unknown = next((d for d in details if d["type"] in {"extra_forbidden", "invalid_key"}), None)
    detail = unknown or details[0]
    loc = [str(part) for part in detail["loc"]]
    key = ".".join([section, *loc])
    if unknown:
        missing = [str(d["loc"][-1]) for d in details if d["type"] == "missing"]
        models = [schema, *schema.get("$defs", {}).values()]
        fields = [field for model in models for field in model.get("properties", ())]
        allowed = f"; allowed: {', '.join(schema['properties'])}" if len(loc) == 1 else ""
        meant = closest(loc[-1], missing) or closest(loc[-1], fields)
        return f"{key} is unknown" + (f"; did you mean {meant}?" if meant else allowed)
    context = detail.get("ctx", {})
    if detail["type"] == "missing":
        return f"{key} is missing"
    if "error" in context:  # our own message; that of a whole model begins with a key
        return f"{key}{': ' if loc else '.'}{context['error']}"
    message = detail["msg"].replace("Input should be", "; allowed:", 1)
    message = message.replace("a valid tuple", "a list")
    if choices := re.findall("'([^']+)'", context.get("expected", "")):
        close = isinstance(detail["input"], str) and closest(detail["input"], choices)
        message = f"; allowed: one of {', '.join(choices)}"
        message += f"; did you mean {close}?" if close else ""
    return f"{key} is {shown(detail['input'])}{'' if message[0] == ';' else ': '}{message}"


def read(path: Path = PARAMETERS) -> dict[str, Any]:
    """Read all sections, unchecked, with keys in natural order."""
    try:
        sections = _parsed(path.read_text(encoding="utf-8"))
    except OSError as error:
        hint = "; run from the repository's root" if isinstance(error, FileNotFoundError) else ""
        raise ParameterError(f"{path} cannot be read: {error.strerror}{hint}") from None
    except (YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        at = f"line {mark.line + 1}: {getattr(error, 'problem', '')}" if mark else ""
        reason = at or getattr(error, "reason", error)
        raise ParameterError(f"{path} is not YAML: {' '.join(str(reason).split())}") from None
    if not isinstance(sections, dict):
        allowed = "a mapping with a section for each stage"
        raise ParameterError(f"{path} holds {shown(sections)}; allowed: {allowed}")
    return {name: ordered(section) for name, section in sections.items()}


@lru_cache
def _parsed(text: str) -> Any:  # a notebook asks five times, for the same text
    return YAML(typ="safe", pure=True).load(text)


def ordered(value: Any) -> Any:
    """Sort the keys of all mappings in natural order.

    >>> ordered({"rate_0_03": 1, "buffer_10": {"b": 2, "a": 3}, "rate_0_1": 4, "buffer_9": 5})
    {'buffer_9': 5, 'buffer_10': {'a': 3, 'b': 2}, 'rate_0_03': 1, 'rate_0_1': 4}
    """
    if isinstance(value, dict):
        return {key: ordered(value[key]) for key in sorted(value, key=_natural)}
    return [ordered(item) for item in value] if isinstance(value, list) else value


def _natural(name: object) -> tuple[list[str | float], str]:
    parts = re.split(r"(0_\d+|\d+)", str(name))  # text and numbers alternate; 0_03 is 0.03
    valued = [float(p.replace("_", ".")) if n % 2 else p for n, p in enumerate(parts)]
    return valued, str(name)


def shown(value: object, form: Callable[[object], str] = repr) -> str:
    """Write a value as YAML does, cut if long."""
    text = form(value)
    if value is None or isinstance(value, bool):
        text = "null" if value is None else text.lower()
    return text if len(text) <= 60 else f"{text[:57]}..."


def changes(stages: Iterable[str] | None = None) -> list[str]:
    """List what stages change in the chapter's parameters."""
    here, chapter = read(), read(CHAPTER)
    names = {**chapter, **here} if stages is None else stages
    return [
        f"{key} = {shown(value, str)} (chapter: {shown(other, str)})"
        for name in names
        if name != SECTION  # which decides no result
        for key, value, other in _differences(name, here.get(name), chapter.get(name))
    ]


def sources(stage: str) -> list[str]:
    """List a stage and all stages that it depends on.

    >>> sources("approximate_q_learning")
    ['approximate_q_learning', 'dqn_training']
    """
    stages = _parsed(PIPELINE.read_text(encoding="utf-8"))["stages"]
    sections = read()
    found = [stage]
    for name in found:  # the list grows meanwhile
        deps = stages.get(name, {}).get("deps", ())
        names = [dep.split("/")[1] for dep in deps if dep.startswith("data/")]
        names += stages.get(name, {}).get("params", ())  # the sections that it reads
        names.append(sections.get(name, {}).get("stage"))  # a study's subject
        found += [s for s in dict.fromkeys(names) if s in stages and s not in found]
    return found


def _differences(key: str, value: Any, chapter: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(value, Mapping) and isinstance(chapter, Mapping):
        for name in {**chapter, **value}:
            yield from _differences(f"{key}.{name}", value.get(name), chapter.get(name))
    elif value != chapter:
        yield key, value, chapter
