"""Which server, with which key: kept once by `imprimatur login`, or given by the environment.

IMPRIMATUR_URL and IMPRIMATUR_API_KEY win over what was kept.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from imprimatur_cli.client import ApiProblem, Client, ServerUnreachable
from imprimatur_cli.failures import ERROR, REFUSED, CommandError, reported, sentence_of
from imprimatur_cli.sentences import Language, language_of, say
from imprimatur_cli.stack import StackFailed, address

TIMED_OUT = 5
NO_KEY: Final = "no API key is kept: run imprimatur login, or set IMPRIMATUR_API_KEY"
AsJson = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What `login` keeps: address and API key. Either may be empty."""

    url: str = ""
    api_key: str = ""

    @classmethod
    def load(cls) -> Kept:
        """What was kept, overruled by the environment. CommandError for a damaged file."""
        kept = cls()
        try:
            kept = cls(**json.loads(kept_file().read_text()))
        except FileNotFoundError:
            pass
        except (OSError, ValueError, TypeError) as error:
            raise CommandError(f"{kept_file()} cannot be read ({error}): run imprimatur login again") from error
        named = {"url": os.environ.get("IMPRIMATUR_URL"), "api_key": os.environ.get("IMPRIMATUR_API_KEY")}
        return cls(**asdict(kept) | {name: value for name, value in named.items() if value})

    def save(self) -> None:
        """Readable by its owner only."""
        file = kept_file()
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        scratch = file.with_suffix(".new")
        scratch.unlink(missing_ok=True)
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            json.dump(asdict(self), out)
        scratch.replace(file)


def kept_file() -> Path:
    """Below XDG_CONFIG_HOME, or ~/.config."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "imprimatur" / "login.json"


@contextmanager
def connected(lang: str) -> Iterator[Client]:
    """A client with the kept key. What the server or the network refuses becomes a sentence and an exit code."""
    language = language_of(lang)
    with answered(language):
        kept = Kept.load()
        if not kept.api_key:
            raise CommandError(NO_KEY)
        with Client(address(kept.url), api_key=kept.api_key, language=language) as client:
            yield client


@contextmanager
def answered(language: Language) -> Iterator[None]:
    """Exit 1 for a refusal or a silent server, 3 when it is the rights that refuse."""
    try:
        with reported(language):
            yield
    except ApiProblem as problem:
        _tell_problem(problem, language)
        raise typer.Exit(REFUSED if problem.code == "rights_refused" else ERROR) from problem
    except (ServerUnreachable, StackFailed) as error:
        tell(say("error", language, text=sentence_of(error, language)))
        raise typer.Exit(ERROR) from error


def tell(line: str) -> None:
    """Progress and complaints: stderr, so that data stays alone on stdout."""
    sys.stderr.write(f"{line}\n")


def _tell_problem(problem: ApiProblem, language: Language) -> None:
    tell(say("error", language, text=sentence_of(problem, language)))
    for line in dict.fromkeys(r["sentence"] for r in problem.reasons):
        tell(f"  {line}")
    for error in problem.errors:
        tell(f"  {error['field']}: {error['message']}")
    if problem.request_id:
        tell(say("request_id", language, request_id=problem.request_id))
