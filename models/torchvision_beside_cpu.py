"""Makes torchvision importable beside a torch that its compiled part was not built for; imports neither.

torchvision comes with open_clip and timm, and transformers imports it where it is there. Its wheel is built for CUDA: beside
a CPU build of torch its operators cannot be loaded, and without them `import torchvision` fails and takes these along. All
that it misses while it is imported are the declarations of two operators, so they are declared; nothing here calls them.

A watch on one module's import costs nothing until that module is imported, so it may stand at the start of every process.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

WATCHED = "torchvision.extension"  # loads the compiled part, before anything asks for its operators
OPERATORS = ("nms", "qnms")
SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"

_declared: list[object] = []  # torch forgets declarations that nobody holds


class _Extension(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        if not module._has_ops():
            import torch

            library = torch.library.Library("torchvision", "DEF")
            _declared.append(library)
            for name in OPERATORS:
                library.define(name + SCHEMA)


class _Watch(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        found = PathFinder.find_spec(fullname, path, target) if fullname == WATCHED else None
        if found and isinstance(found.loader, SourceFileLoader):
            found.loader = _Extension(found.loader.name, found.loader.path)
        return found


def ensure_torchvision() -> None:
    """From now on torchvision can be imported, with its own operators where they load. To be called before it is."""
    if not any(isinstance(finder, _Watch) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Watch())
