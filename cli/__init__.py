"""The `rsvlm` command, one file per command. `--json` prints one document on standard output and nothing else there."""
