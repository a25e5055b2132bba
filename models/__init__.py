"""The networks. `cards` and this module import no torch; `load` and everything below parts/ and families/ do."""
