"""From a section of params.yaml to a frozen typed model; every bad value is one clear line.

params.yaml is read as YAML 1.2, where `1e-05` is a number and `yes` is text.

What DVC does not see must decide nothing. DVC ignores the order of a mapping's keys: they are read
in the natural order of their names. Its run-cache ignores some names: they are refused.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from reprise.errors import UserError, closest

PARAMETERS = Path("params.yaml")
UNSEEN = ("size", "nfiles")
"""The keys that DVC's run-cache ignores wherever they stand (`dvc.stage.cache._get_cache_hash`)."""
LARGEST = 2**63 - 1  # integer; nothing here counts further

P = TypeVar("P", bound=BaseModel)


class ParameterError(UserError, ValueError):
    """A parameter that is missing, misspelt or not allowed; the message is one line."""


def load(section: str, model: type[P], path: Path = PARAMETERS) -> P:
    """Return a section of the parameters file as a model.

    Args:
        section: the section's name, which is its stage's name.
        model: the frozen model of the section's keys. If it reads another section too, its static
            method `borrowed` returns, from its own section, the other's name and model by the
            field that holds it.
        path: the parameters file.

    Raises:
        ParameterError: names the key, its value and what is allowed.
    """
    sections = read(path)
    values = _section(sections, section, path)
    if isinstance(values, dict) and hasattr(model, "borrowed"):
        others = model.borrowed(values)  # pyright: ignore[reportAttributeAccessIssue]
        values = values | {
            field: checked(_section(sections, name, path), name, other)
            for field, (name, other) in others.items()
        }
    return checked(values, section, model)


def _section(sections: Mapping[str, Any], name: str, path: Path) -> Any:
    if name not in sections:
        close = closest(name, sections)
        hint = f"did you mean {close}?" if close else f"it has {', '.join(map(str, sections))}"
        raise ParameterError(f"{path} has no section {name}; {hint}")
    for key, _ in _items(sections[name], name):
        outer, _, last = key.rpartition(".")
        if last in UNSEEN:
            listed = f"as a list, {outer}: [{{name: {last}, value: ...}}]"
            raise ParameterError(
                f"{key} is not allowed: DVC's run-cache ignores keys named {' and '.join(UNSEEN)}, "
                "and would take a changed value for the old one; allowed: "
                + (listed if outer.endswith(".kwargs") else "any other name")
            )
    return sections[name]


def _items(value: object, key: str) -> Iterator[tuple[str, object]]:
    """Yield a value and all that it holds, each with its dotted name."""
    yield key, value
    pairs = value.items() if isinstance(value, Mapping) else ()
    for name, inner in enumerate(value) if isinstance(value, list | tuple) else pairs:
        yield from _items(inner, f"{key}.{name}")


def ordered(value: Any) -> Any:
    """Return a value with all mappings in the natural order of their names.

    >>> ordered({"rate_0_03": 1, "buffer_10": {"b": 2, "a": 3}, "rate_0_1": 4, "buffer_9": 5})
    {'buffer_9': 5, 'buffer_10': {'a': 3, 'b': 2}, 'rate_0_03': 1, 'rate_0_1': 4}
    """
    if isinstance(value, dict):
        return {key: ordered(value[key]) for key in sorted(value, key=_natural)}
    return [ordered(item) for item in value] if isinstance(value, list) else value


def _natural(name: object) -> tuple[list[str | float], str]:
    """Return the sort key of a name: numbers in it count by value, 0_03 as 0.03."""
    parts = re.split(r"(0_\d+|\d+)", str(name))  # text and number in turn
    valued = [float(p.replace("_", ".")) if n % 2 else p for n, p in enumerate(parts)]
    return valued, str(name)


def checked(values: object, section: str, model: type[P]) -> P:
    """Return values as a model.

    >>> from reprise.hyperparameters import Recorded
    >>> checked({"iterations": 10, "record_every": 5}, "td_learning", Recorded)
    Recorded(iterations=10, record_every=5)

    Args:
        values: a mapping as YAML has it.
        section: the mapping's name, with which each fault's key begins.
        model: the frozen model of the mapping's keys.

    Raises:
        ParameterError: names the key, its value and what is allowed.
    """
    if not isinstance(values, dict):
        keys = ", ".join(model.model_fields)
        raise ParameterError(f"{section} is {shown(values)}; allowed: a mapping of {keys}")
    for key, value in _items(values, section):
        if isinstance(value, int) and abs(value) > LARGEST:
            raise ParameterError(f"{key} is too large; allowed: an integer of at most {LARGEST}")
    try:
        return model.model_validate(values)
    except ValidationError as error:
        fault = _fault(error, section, model.model_json_schema())
        raise ParameterError(" ".join(fault.split())) from None


def _fault(error: ValidationError, section: str, schema: Mapping[str, Any]) -> str:
    """Return pydantic's first message with key and value; a misspelt key comes first."""
    details = error.errors(include_url=False)
    found = next((d for d in details if d["type"] in {"extra_forbidden", "invalid_key"}), None)
    detail = found or details[0]
    places = [key.split(".") for key, _ in _items(schema, "")]
    fields = {place[-1] for place in places if place[-2:-1] == ["properties"]}
    loc = [str(part) for part in detail["loc"]]
    key = ".".join([section, *loc])
    if found:
        missing = {str(d["loc"][-1]) for d in details if d["type"] == "missing"}
        meant = closest(loc[-1], missing) or closest(loc[-1], fields)
        known = f"; known are {', '.join(schema['properties'])}" if len(loc) == 1 else ""
        return f"{key} is unknown" + (f"; did you mean {meant}?" if meant else known)
    if detail["type"] == "missing":
        return f"{key} is missing"
    context = detail.get("ctx", {})
    if "error" in context:  # of our own; that of a whole model begins with a key
        return f"{key}{': ' if loc else '.'}{context['error']}"
    message, hint = detail["msg"].replace("Input should be", "; allowed:", 1), ""
    if choices := re.findall("'([^']+)'", context.get("expected", "")):
        close = isinstance(detail["input"], str) and closest(detail["input"], choices)
        hint = f"; did you mean {close}?" if close else ""
        message = f"; allowed: one of {', '.join(choices)}"
    colon = "" if message.startswith(";") else ": "
    return f"{key} is {shown(detail['input'])}{colon}{message}{hint}"


def read(path: Path = PARAMETERS) -> dict[str, Any]:
    """Return the parameters file as YAML has it: sections by name, unchecked, each `ordered`.

    Raises:
        ParameterError: if there is no such file, or it is not a YAML mapping.
    """
    try:
        sections = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        where = "the repository's root has it, run from there"
        raise ParameterError(f"{path} does not exist; {where}") from None
    except OSError as error:
        raise ParameterError(f"{path} cannot be read: {error.strerror}") from None
    except RecursionError:
        raise ParameterError(f"{path} is not YAML: it is nested too deeply") from None
    except (YAMLError, ValueError) as error:
        message = getattr(error, "reason", error)
        if isinstance(error, MarkedYAMLError) and error.problem_mark:
            message = f"line {error.problem_mark.line + 1}: {error.problem}"
        raise ParameterError(f"{path} is not YAML: {' '.join(str(message).split())}") from None
    if not isinstance(sections, dict):
        allowed = "a mapping with a section for each stage"
        raise ParameterError(f"{path} holds {shown(sections)}; allowed: {allowed}")
    return {name: ordered(section) for name, section in sections.items()}


def shown(value: object, form: Callable[[object], str] = repr) -> str:
    """Return a value about as YAML would write it, cut if long."""
    text = form(value)
    if value is None or isinstance(value, bool):
        text = "null" if value is None else text.lower()
    return text if len(text) <= 60 else f"{text[:57]}..."
