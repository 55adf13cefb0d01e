"""Lets hatch put the browser code of others into the wheel. It runs when a wheel is built, and is no part of it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

__all__ = ["VendorHook"]


class VendorHook(BuildHookInterface[Any]):
    """Puts the files in place before a wheel is built, where npm is there; a wheel without them works, too."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Put the files in place; an editable installation needs none."""
        if version == "editable":
            return
        vendor = _vendor(Path(self.root))
        if not vendor.missing("site", vendor.SITE):
            return
        npm = vendor.npm()
        if npm is None:
            self.app.display_warning("There is no npm: the wheel is built without YASGUI and Cytoscape.")
            return
        try:
            vendor.put_in_place({"site": vendor.SITE}, npm=npm)
        except vendor.VendorError as error:
            self.app.display_warning(f"{error}. The wheel is built without YASGUI and Cytoscape.")


def _vendor(root: Path) -> ModuleType:
    """Load the module from its file: filmgraph is not installed where it is built."""
    file = root / "src" / "filmgraph" / "web" / "vendor.py"
    spec = importlib.util.spec_from_file_location("filmgraph_vendor", file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
