"""How a command ends: 0 well, 1 with an error, 2 for wrong usage (typer's own), 3 refused by rights."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import typer

from governance.errors import GovernanceError, UnreadableUpload
from governance.policy import Refusal
from imprimatur_cli.sentences import Language, say
from imprimatur_cli.translation import translated

ERROR, USAGE, REFUSED = 1, 2, 3

# What `generation` raises on bad input, by class name, so that a mistake is told before torch is loaded.
TOLD: Final = frozenset(
    {
        "BaseUnavailable",
        "CompilerMissing",
        "DownloadFailed",
        "InvalidSpec",
        "JudgesMissing",
        "LossDiverged",
        "ModelUnavailable",
        "NoCheckpoint",
        "NonFiniteLatent",
        "RunMismatch",
        "UnknownProfile",
        "UnsupportedTarget",
        "UnsupportedUNet",
        "UnusableBenchmark",
        "UnusableData",
        "UnusableReference",
        "WeightsAltered",
        "WeightsMismatch",
        "WeightsMissing",
        "WordBeyondLimit",
        "WordNotInPrompt",
    }
)


class RefusedByRights(Exception):
    """The policy said no; `refusal` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.sentence())
        self.refusal = refusal


class CommandError(Exception):
    """A command cannot go on; the message says what to do."""


@contextmanager
def reported(language: Language) -> Iterator[None]:
    """Turn what went wrong inside into one sentence on stderr and an exit code; bugs keep their traceback."""
    try:
        yield
    except RefusedByRights as error:
        _tell(say("refused", language))
        for line in error.refusal.sentence(language).splitlines():
            _tell(f"  {line}")
        raise typer.Exit(REFUSED) from error
    except Exception as error:
        if not _is_told(error):
            raise
        _tell(say("error", language, text=sentence_of(error, language)))
        raise typer.Exit(ERROR) from error


def sentence_of(error: Exception, language: Language) -> str:
    """What the error says, in that language."""
    return error.sentence(language) if isinstance(error, UnreadableUpload) else translated(str(error), language)


def _is_told(error: Exception) -> bool:
    return isinstance(error, CommandError | GovernanceError | OSError) or type(error).__name__ in TOLD


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
