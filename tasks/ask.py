"""A question about one place, answered in words, or by what is measured on outlines where these decide it; see measured.py."""

from __future__ import annotations

from dataclasses import replace

from rsvlm.models.pool import Models
from rsvlm.protocol import Answer, AskRequest, Watch
from rsvlm.tasks import checks
from rsvlm.tasks.in_words import Put, in_words
from rsvlm.tasks.knowledge import known
from rsvlm.tasks.measured import Hushed, measured, to_measure


def ask(request: AskRequest, models: Models, watch: Watch) -> Answer:
    """Raises RsvlmError: whatever opening and reading raise, no_data, unknown_model, cancelled, bad_request."""
    card = checks.ask(request)
    earlier = tuple((asked, answered) for asked, answered in request.history)
    wanted = Put("vqa", request.question, earlier)
    if request.knowledge is not None:
        given = known(request.knowledge, request.question, request.raster, models, watch)
        wanted = replace(wanted, text=given.question(request.question), known=given)
    asked, why_not = to_measure(request, card, models, watch)
    words = in_words("ask", card, request.raster, wanted, models, Hushed(watch) if asked else watch)
    words.warnings += why_not
    return measured(request, asked, words, models, watch) if asked else words
