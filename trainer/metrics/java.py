"""The two tools of caption evaluation that exist in Java only: the Penn Treebank tokeniser and METEOR 1.5.

Their jars come with pycocoevalcap (extra "eval"); nothing is downloaded. Knows sentences and processes.
"""

from __future__ import annotations

import shutil
import subprocess  # nosec B404 # starts Java, found on this computer, with jars of an installed package
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from subprocess import DEVNULL, PIPE  # nosec B404 # as above

from rsvlm.protocol import RsvlmError

MEND = "Install Java and rsvlm with the extra “eval”, or use the protocol coco."
PUNCTUATION = frozenset({
    "''", "'", "``", "`", "-LRB-", "-RRB-", "-LCB-", "-RCB-", ".", "?", "!", ",", ":", "-", "--", "...", ";",
})  # that COCO leaves out # fmt: skip
SECONDS = 1800  # no tool may hang longer


def missing() -> str:
    """Why the tools cannot run here, in a sentence; "" where they can."""
    if not shutil.which("java"):
        return "It needs Java, which is not installed."
    if find_spec("pycocoevalcap") is None:
        return "It needs the extra “eval”, which is not installed."
    return ""


def treebank(sentences: Sequence[str]) -> list[str]:
    """Each in lower case, split by the Penn Treebank tokeniser (CoreNLP 3.4.1), punctuation left out as COCO does.

    Raises RsvlmError (unavailable) without Java, (model_failed) where the tool fails.
    """
    words = ["-cp", str(_jar("tokenizer/stanford-corenlp-3.4.1.jar")), "edu.stanford.nlp.process.PTBTokenizer"]
    text = "".join(f"{' '.join(sentence.split())}\n" for sentence in sentences)
    tool = _command([*words, "-preserveLines", "-lowerCase"])
    try:
        done = subprocess.run(  # nosec B603 # the command is a list made here, no shell
            tool, input=text, capture_output=True, encoding="utf-8", timeout=SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise _failed("The Penn Treebank tokeniser") from error
    lines = done.stdout.split("\n")[: len(sentences)]
    if len(lines) != len(sentences):
        raise _failed("The Penn Treebank tokeniser")
    return [" ".join(word for word in line.split() if word not in PUNCTUATION) for line in lines]


def meteor(corpora: Sequence[tuple[Sequence[Sequence[str]], Sequence[str]]]) -> list[float]:
    """METEOR 1.5 (Denkowski and Lavie 2014) of each corpus of references and candidates: English, normalised.

    Raises as treebank() does. All in one process, since the tool takes seconds to start.
    """
    tool = ["-Xmx2G", "-jar", str(_jar("meteor/meteor-1.5.jar")), "-", "-", "-stdio", "-l", "en", "-norm"]
    found = []
    try:
        with subprocess.Popen(  # nosec B603 # the same
            _command(tool), stdin=PIPE, stdout=PIPE, stderr=DEVNULL, encoding="utf-8"
        ) as process:
            for references, candidates in corpora:
                counts = []
                for sentences, candidate in zip(references, candidates, strict=True):
                    row = [*(_one_line(text) for text in sentences), _one_line(candidate)]
                    counts.append(_answer(process, " ||| ".join(["SCORE", *row])))
                figures = [_answer(process, " ||| ".join(["EVAL", *counts])), *(_answer(process) for _ in counts)]
                found.append(float(figures[-1]))
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise _failed("METEOR") from error
    return found


def _answer(process: subprocess.Popen[str], line: str = "") -> str:
    """METEOR's next line, after it was given `line`. Raises ValueError where it has ended."""
    if process.stdin is None or process.stdout is None:
        raise ValueError("a process without pipes")
    if line:
        process.stdin.write(line + "\n")
        process.stdin.flush()
    answer = process.stdout.readline().strip()
    if not answer:
        raise ValueError("no answer")
    return answer


def _one_line(text: str) -> str:
    return " ".join(text.replace("|||", "").split())


def _jar(name: str) -> Path:
    """Raises RsvlmError (unavailable) where the tools cannot run."""
    why = missing()
    spec = find_spec("pycocoevalcap") if not why else None
    if spec is None or not spec.submodule_search_locations:
        raise RsvlmError("unavailable", f"The protocol cannot be used. {why}", MEND)
    return Path(spec.submodule_search_locations[0]) / name


def _command(words: list[str]) -> list[str]:
    """Standard input and output are UTF-8 wherever it runs."""
    return [shutil.which("java") or "java", "-Dfile.encoding=UTF-8", "-Dstdout.encoding=UTF-8", *words]


def _failed(tool: str) -> RsvlmError:
    return RsvlmError("model_failed", f"{tool} failed, a Java tool of caption evaluation.", "Use the protocol coco.")
