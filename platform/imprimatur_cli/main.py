"""The command `imprimatur`. One module per command; each loads what it needs when it runs."""

from __future__ import annotations

import typer

from imprimatur_cli.account import doctor, login, whoami
from imprimatur_cli.audit import audit
from imprimatur_cli.consenting import blocklist
from imprimatur_cli.draw import draw
from imprimatur_cli.evaluate import evaluate
from imprimatur_cli.explain import explain
from imprimatur_cli.keeping import backup, restore
from imprimatur_cli.making import generate, templates
from imprimatur_cli.pilot import pilot
from imprimatur_cli.reference import references
from imprimatur_cli.reviewing import review
from imprimatur_cli.sweep import sweep
from imprimatur_cli.train import train
from imprimatur_cli.translation import Commands
from imprimatur_cli.verify import verify
from imprimatur_cli.weights import weights
from imprimatur_cli.withdrawing import consents

app = typer.Typer(
    name="imprimatur",
    cls=Commands,
    help="Pictures of your subject, with the right to make them and the proof that you had it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(draw)
app.command()(explain)
app.command()(sweep)
app.command()(pilot)
app.command()(evaluate)
app.command()(train)
app.command()(verify)
app.add_typer(weights, name="weights")
app.command()(login)
app.command()(whoami)
app.add_typer(references, name="ref")
app.add_typer(templates, name="template")
app.command()(generate)
app.add_typer(review, name="review")
app.add_typer(audit, name="audit")
app.add_typer(consents, name="consent")
app.add_typer(blocklist, name="blocklist")
app.command()(backup)
app.command()(restore)
app.command()(doctor)


def main() -> None:
    """Entry point. Exit codes: 0 ok, 1 error, 2 usage, 3 refused by rights, 5 not in time."""
    app()


if __name__ == "__main__":
    main()
