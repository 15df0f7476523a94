"""`imprimatur login`, `whoami`, `doctor`: the connection to a server, kept, shown and examined."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Annotated, Any

import httpx
import typer

from imprimatur_cli.client import Client
from imprimatur_cli.connection import NO_KEY, AsJson, Kept, answered, connected, kept_file, tell
from imprimatur_cli.failures import ERROR, CommandError, sentence_of
from imprimatur_cli.sentences import Lang, Language, language_of, say
from imprimatur_cli.stack import address


def login(
    url: Annotated[str, typer.Option(help="Address of the server (default: the one that runs here).")] = "",
    lang: Lang = "",
) -> None:
    """Keep an API key for the other commands. The key is asked for, or read from a pipe, never an argument."""
    language = language_of(lang)
    with answered(language):
        key = _read_key(language)
        with Client(address(url), api_key=key, language=language) as client:
            me = client.get("/me")
        Kept(url=address(url), api_key=key).save()
    tell(say("logged_in", language, company=me["tenant"]["name"], path=kept_file()))


def whoami(as_json: AsJson = False, lang: Lang = "") -> None:
    """Who the kept key is, in which company, and what it may do."""
    with connected(lang) as client:
        me = client.get("/me")
    if as_json:
        print(json.dumps(me, ensure_ascii=False))
        return
    who = me["person"]["name"] if me["person"] else me["key"]
    print(f"{who}\t{me['tenant']['name']}\t{', '.join(me['permissions'])}")


def doctor(as_json: AsJson = False, lang: Lang = "") -> None:
    """Look at everything a command needs, and say what to do about what is missing. Exit 1 if anything is."""
    language = language_of(lang)
    found = [check.run(language) for check in _checks(language)]
    if as_json:
        print(json.dumps([vars(f) for f in found], ensure_ascii=False))
    else:
        print("\n".join(f"{'ok  ' if f.holds else 'FAIL'}  {f.name}: {f.found}" for f in found))
    if not all(f.holds for f in found):
        raise typer.Exit(ERROR)


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `found` says what was seen, or what to do."""

    name: str
    holds: bool
    found: str


@dataclass(frozen=True)
class _Check:
    name: str
    look: Callable[[], str]  # what was seen; raises when it does not hold

    def run(self, language: Language) -> Finding:
        try:
            return Finding(self.name, True, self.look())
        except Exception as error:
            return Finding(self.name, False, sentence_of(error, language))


def _checks(language: Language) -> list[_Check]:
    return [
        _Check("python", platform.python_version),
        _Check("imprimatur", lambda: version("imprimatur")),
        _Check("server", _server),
        _Check("parts", _parts),
        _Check("key", lambda: _key(language)),
        _Check("templates", lambda: _templates(language)),
    ]


def _server() -> str:
    url = address(Kept.load().url)
    httpx.get(f"{url}/healthz", timeout=5).raise_for_status()
    return url


def _parts() -> str:
    checks: dict[str, bool] = httpx.get(f"{address(Kept.load().url)}/readyz", timeout=10).json()["checks"]
    missing = [name for name, works in checks.items() if not works]
    if missing:
        raise CommandError(f"not ready: {', '.join(missing)}")
    return ", ".join(checks)


def _key(language: Language) -> str:
    with _client(language) as client:
        me: dict[str, Any] = client.get("/me")
    return f"{me['key']} ({me['tenant']['name']})"


def _templates(language: Language) -> str:
    with _client(language) as client:
        templates = client.get("/templates", limit=200)["data"]
    usable = [t for t in templates if any(v["status"] == "approved" for v in t["versions"])]
    if not usable:
        raise CommandError("no template is approved: submit one, and let a reviewer approve it")
    return str(len(usable))


def _client(language: Language) -> Client:
    kept = Kept.load()
    if not kept.api_key:
        raise CommandError(NO_KEY)
    return Client(address(kept.url), api_key=kept.api_key, language=language)


def _read_key(language: Language) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    key: str = typer.prompt(say("ask_key", language), hide_input=True)
    return key.strip()
