"""The message of an error, in one line."""

from collections.abc import Callable
from typing import Any

import pytest

from reprise.errors import UserError


def refusal(build: Callable, *given: Any, **named: Any) -> str:
    """Return the error's message, of one line."""
    with pytest.raises(UserError) as caught:
        build(*given, **named)
    assert "\n" not in str(caught.value)
    return str(caught.value)
