"""The headless trainer: records in, weights and measured figures out."""

import rsvlm.models  # noqa: F401  # before transformers, which takes torchvision along
