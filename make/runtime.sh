#!/usr/bin/env bash
# Which extra of the package brings onnxruntime: "gpu" where torch finds a GPU, else "cpu". The two exclude each other.
set -euo pipefail
cd "$(dirname "$0")/.."
.venv/bin/python -c 'import torch; print("gpu" if torch.cuda.is_available() else "cpu")'
