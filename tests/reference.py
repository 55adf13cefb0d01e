"""Reference material that is not part of the project, for the tests that compare the data with it.

``FILMGRAPH_REFERENCE`` names its folder. Whoever has none skips these tests; continuous integration has it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("FILMGRAPH_REFERENCE") or "nowhere")
with_reference = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason="the source documents are not ours to hand out: FILMGRAPH_REFERENCE=/path/to/their/folder",
)
RUN = 6
"""So many words in a row that are the same are no chance."""


def runs_of(text: str) -> set[tuple[str, ...]]:
    """Return all that stands in a text of :data:`RUN` words in a row."""
    words = re.findall(r"\w+", text.casefold())
    return {tuple(words[start : start + RUN]) for start in range(len(words) - RUN + 1)}
