"""Fetches the explorer's third-party files while the package is built.

Without npm, or without a network, the package is still built: the explorer then says what is
missing and which command repairs it.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        # A source distribution holds sources; the wheel that is built from it fetches.
        if self.target_name != "wheel":
            return
        assets = load_assets(Path(self.root))
        try:
            assets.fetch()
        except assets.FetchError as reason:
            self.app.display_warning(
                f"GraphiQL is not included: {reason}. Repair with: {assets.REPAIR_COMMAND}"
            )


def load_assets(root: Path) -> ModuleType:
    """By path: the package itself cannot be imported before its dependencies are installed."""
    path = root / "graph" / "graphiql" / "assets.py"
    spec = importlib.util.spec_from_file_location("headcount_graphiql_assets", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # dataclasses look their module up here.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
