# The published stubs know neither operators on tensors nor NumPy arguments: rather none.
from typing import Any

def __getattr__(name: str) -> Any: ...
