"""`imprimatur convert-weights`: the release's pickle becomes safetensors, once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from imprimatur_cli.failures import CommandError, reported
from imprimatur_cli.sentences import default_language


def convert_weights(
    source: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The release's .pth file.")],
    target: Annotated[Path, typer.Argument(help="The .safetensors file to write.")],
) -> None:
    """Rewrite a released .pth as safetensors. Only plain tensors are unpickled, anything else is refused."""
    with reported(default_language()):
        if target.suffix != ".safetensors" or not target.parent.is_dir():
            raise CommandError(f"{target}: name a *.safetensors file in a folder that exists")
        _convert(source, target)
    print(target)


def _convert(source: Path, target: Path) -> None:
    import pickle

    from generation.published import convert_pickle

    try:
        convert_pickle(source, target)
    except (pickle.UnpicklingError, RuntimeError, EOFError, AttributeError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CommandError(f"{source} is no file of plain tensors: {first}") from error
