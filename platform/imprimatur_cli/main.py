"""The command `imprimatur`. One module per command; each loads what it needs when it runs."""

from __future__ import annotations

import typer

from imprimatur_cli.draw import draw
from imprimatur_cli.verify import verify

app = typer.Typer(
    name="imprimatur",
    help="Pictures of your subject, with the right to make them and the proof that you had it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(draw)
app.command()(verify)


def main() -> None:
    """Entry point. Exit codes: 0 ok, 1 error, 2 usage, 3 refused by rights."""
    app()


if __name__ == "__main__":
    main()
