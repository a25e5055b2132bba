"""Weights between those of a run and those of the model that it began with: what was tuned keeps more of what was known before.

WiSE-FT (Wortsman et al., arXiv 2109.01903, section 3). Of the bundled family.

python -m rsvlm.trainer.interpolation RUN MODEL SHARE OUT [PART ...]      SHARE: of RUN, 0 to 1; each PART is RUN's alone
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Collection
from fnmatch import fnmatch
from pathlib import Path

import torch

from rsvlm.models.cards import ModelCard, get_card
from rsvlm.models.families.compact.learner import TIED, CompactLearner, again, take_over
from rsvlm.models.weights import load_compact, save_compact
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.run import LAST


def interpolated(folder: Path, before: ModelCard, share: float, kept: Collection[str]) -> CompactLearner:
    """folder: of a run's model. share: of its weights; those of parts that are `kept` it has whole.

    Words and classes that only the run knows are its own. Raises RsvlmError: bad_request (no such part), model_failed.
    """
    learner, other = again(folder), again(folder)
    if unknown := sorted(set(kept) - set(learner.parts)):
        raise RsvlmError("bad_request", f"There is no part “{unknown[0]}”.", f"There are {', '.join(learner.parts)}.")
    with torch.no_grad():
        take_over(other, *load_compact(before.folder, before.id, before.mend))
        theirs = other.network.state_dict()
        whole = [pattern for part in kept for pattern in learner.parts[part]]
        for name, ours in learner.network.state_dict().items():
            if (
                name != f"model.{TIED}"
                and ours.is_floating_point()
                and not any(fnmatch(name, pattern) for pattern in whole)
            ):
                ours.lerp_(theirs[name], 1 - share)
    return learner


def main() -> None:
    run, model, share, out, *kept = sys.argv[1:]
    learner = interpolated(Path(run) / LAST, get_card(model), float(share), kept)
    (Path(out) / LAST).mkdir(parents=True)
    save_compact(Path(out) / LAST, learner.model, learner.tokenizer)
    for name in ("recipe.yaml", "events.jsonl"):
        shutil.copy(Path(run) / name, Path(out) / name)


if __name__ == "__main__":
    main()
