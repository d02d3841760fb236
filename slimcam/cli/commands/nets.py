"""`slimcam nets`."""

import click


@click.command()
def nets() -> None:
    """List the nets that slimcam can build, with their sizes and preprocessing."""
    from tabulate import tabulate

    from ...nets import NETS

    rows = [(net.name, net.size, net.classes, net.preprocess, net.layer) for net in NETS.values()]
    click.echo(tabulate(rows, ("net", "size", "classes", "preprocess", "default layer")))
