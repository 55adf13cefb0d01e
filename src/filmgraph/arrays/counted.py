"""What was counted of all of a store, kept beside it: so that it is counted once, not each time somebody looks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from filmgraph import stores
from filmgraph.arrays.keeping import open_source

__all__ = ["once_counted"]


def once_counted(store: stores.Store, name: str, count: Callable[[], Any]) -> Any:
    """Return what is counted of a store, as JSON gives it back; of a large disk store it is kept under a name.

    What is counted must stand in JSON. Another content has another name.
    """
    if not isinstance(store, stores.LocalStore) or stores.size_of(store) < stores.LARGE:
        return json.loads(json.dumps(count()))

    def build() -> dict[str, np.typing.NDArray[Any]]:
        return {"json": np.frombuffer(json.dumps(count()).encode(), "u1")}

    return json.loads(open_source(store, f"{name}.bin", build).array("json").tobytes())
