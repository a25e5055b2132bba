"""What can go wrong in a way that a user understands: one code, one sentence, one next step."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Tuple

# code: (HTTP status, exit code of the command line)
ERROR_CODES: Dict[str, Tuple[int, int]] = {
    "bad_request": (400, 2),
    "unauthorized": (401, 3),
    "forbidden": (403, 3),
    "not_found": (404, 2),
    "unknown_model": (404, 2),
    "version_mismatch": (409, 3),
    "too_large": (413, 2),
    "bad_raster": (422, 2),  # cannot be opened or read
    "bad_extent": (422, 2),  # empty, inverted or outside the raster
    "no_data": (422, 2),  # nothing but nodata where one looks
    "cancelled": (499, 130),
    "model_failed": (500, 3),
    "worker_died": (502, 3),
    "busy": (503, 3),
    "unavailable": (503, 3),  # no backend, no environment
    "out_of_memory": (507, 3),
}


class RsvlmError(Exception):
    """Something a user can understand and mend.

    code: a key of ERROR_CODES; message: one sentence saying what is wrong and why; hint: the next step.
    details: figures for programs, such as "waiting" (requests in the queue), "needed_bytes" and "free_bytes".
    """

    def __init__(self, code: str, message: str, hint: str = "", details: Optional[Mapping[str, float]] = None) -> None:
        super().__init__(message)
        self.code = code if code in ERROR_CODES else "model_failed"
        self.message = message
        self.hint = hint
        self.details = dict(details or {})

    @property
    def http_status(self) -> int:
        return ERROR_CODES[self.code][0]

    @property
    def exit_code(self) -> int:
        return ERROR_CODES[self.code][1]

    def to_json(self, request_id: str = "") -> Dict[str, Any]:
        error: Dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "request_id": request_id,
        }
        if self.details:
            error["details"] = self.details
        return {"error": error}

    @classmethod
    def from_json(cls, data: Dict[str, Any]) -> "RsvlmError":
        error = data.get("error", {})
        words = (error.get("code", "model_failed"), error.get("message", ""), error.get("hint", ""))
        return cls(*words, details=error.get("details"))


class Cancelled(RsvlmError):
    """The user stopped the work; what was finished is kept."""

    def __init__(self) -> None:
        super().__init__("cancelled", "Stopped.")
