"""`./run demo`: the main job without hands, on the product that runs here (./run starts one for it), or at --url.

What happens is told on stderr; what came out is printed on stdout, with --json as one object.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from imprimatur_cli.client import ApiProblem, ServerUnreachable, SignInFailed
from imprimatur_cli.following import NotInTime
from imprimatur_cli.journey import Journey, JourneyFailed, Result, Task
from imprimatur_cli.stack import StackFailed, address, demo_password

REFUSED: Final = 3
# None of the demo companies' own subjects: a picture that is there already keeps the rights it was declared to need.
SAMPLE: Final = Path(__file__).with_name("sample_bottle.png")
_MIMES: Final = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}
_EXTENSIONS: Final = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; the process's exit code (0 done, 1 failed, 2 usage, 3 refused by rights)."""
    asked = _parser().parse_args(arguments)
    try:
        task = _task(asked)
        result = Journey(address(asked.url), demo_password(), _tell, company=asked.company).run(task)
        path = _keep(result, asked.out)
    except (JourneyFailed, NotInTime, ServerUnreachable, SignInFailed, StackFailed, OSError) as error:
        _tell(f"error: {error}")
        return 1
    except ApiProblem as problem:
        _tell(f"error: {problem} ({problem.code}, request {problem.request_id})")
        return REFUSED if problem.code == "rights_refused" else 1
    print(json.dumps(_facts(result, path), ensure_ascii=False) if asked.json else _words(result, path))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./run demo", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--reference", type=Path, help="your own photograph (default: a drawn sample)")
    parser.add_argument("--word", default="bottle", help="the English word for what it shows (default: bottle)")
    parser.add_argument("--person", action="store_true", help="it shows a person: a likeness consent is recorded")
    parser.add_argument("--out", type=Path, default=Path(), help="folder for the released picture (default: here)")
    parser.add_argument("--url", default="", help="address of a running stack (default: the one that runs here)")
    parser.add_argument("--company", default="aozora", help="which demo company (default: aozora)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _task(asked: argparse.Namespace) -> Task:
    path: Path = asked.reference or SAMPLE
    data = path.read_bytes()
    mime = next((m for start, m in _MIMES.items() if data.startswith(start)), "application/octet-stream")
    source = "photograph" if asked.reference else "drawing"
    return Task(reference=data, name=path.name, mime=mime, source=source, word=asked.word, is_person=asked.person)


def _keep(result: Result, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = (folder / f"{result.release}.{_EXTENSIONS[result.mime]}").resolve()
    path.write_bytes(result.data)
    return path


def _facts(result: Result, path: Path) -> dict[str, object]:
    return {
        "released_file": str(path),
        "sha256": result.sha256,
        "manifest_state": result.manifest_state,
        "verdict": result.verdict,
        "generation": result.generation,
        "release": result.release,
        "seconds": result.seconds,
    }


def _words(result: Result, path: Path) -> str:
    stages = "\n".join(f"  {name:<10} {seconds:8.2f} s" for name, seconds in result.seconds.items())
    return (
        f"released file   {path}\nSHA-256         {result.sha256}\nmanifest        {result.manifest_state}\n"
        f"verify desk     {result.verdict}\ngeneration      {result.generation}\n{stages}"
    )


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
