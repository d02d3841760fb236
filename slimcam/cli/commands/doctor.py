"""`slimcam doctor`."""

import click


@click.command()
@click.pass_context
def doctor(ctx: click.Context) -> None:
    """Say what works here, and the pip line that mends the rest."""
    from tabulate import tabulate

    from ..diagnosis import examine

    findings = examine()
    click.echo(tabulate([finding[:3] for finding in findings], ("", "version", "state")))
    lines = [finding.remedy for finding in findings if finding.remedy]
    if lines:
        click.echo("\nto mend it:\n" + "\n".join(f"  {line}" for line in lines))
    ctx.exit(1 if lines else 0)
