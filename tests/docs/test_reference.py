"""The reference pages against the tables of the code: no row too many, none too few, and formulas that are true."""

import dataclasses
import inspect
import re

import click
import numpy as np
import pytest
from pages import text_of

from slimcam import cli
from slimcam._packages import EXTRAS
from slimcam._tf import tf1
from slimcam.faithfulness import METRICS
from slimcam.inputs import preprocess
from slimcam.maps.dialects import DIALECTS
from slimcam.maps.maps import Maps
from slimcam.maps.styles import STYLES
from slimcam.methods import METHODS
from slimcam.sources.loading import SOURCES
from slimcam.sources.options import EVERYWHERE, OF_FILES, LoadOptions


def rows_of(page):
    """Return the rows of a page's first table of names, the cells of each without their backquotes."""
    lines = re.search(r"(^\| `.*\|\n)+", text_of(page), re.M).group().splitlines()
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


def test_dialects_have_a_row_each():
    assert [row[0] for row in rows_of("docs/dialects.md")] == list(DIALECTS)


def test_methods_have_a_row_each_as_the_table_has_it():
    stated = {row[0]: [cell.replace("`", "") for cell in row[1:]] for row in rows_of("docs/methods.md")}
    assert stated == {
        name: [row.needs, row.cost, row.source, ", ".join(row.peers), ", ".join(row.dialects)]
        for name, row in METHODS.items()
    }


def test_metrics_have_a_row_each_as_the_table_has_it():
    stated = {row[0]: [cell.replace("`", "") for cell in row[1:]] for row in rows_of("docs/evaluate.md")}
    assert stated == {
        name: [row.better, row.range, row.needs, row.cost, row.source, ", ".join(row.dialects)]
        for name, row in METRICS.items()
    }


def test_the_readme_counts_the_rows_of_both_tables():
    stated = re.findall(r"\[(\d+) (methods|metrics)\]", text_of("README.md"))
    assert {name: int(count) for count, name in stated} == {"methods": len(METHODS), "metrics": len(METRICS)}


def test_styles_have_a_row_each_with_their_options():
    taken = {name: set(inspect.signature(getattr(Maps, name)).parameters) for name in STYLES}
    stated = {row[0]: set(re.findall(r"\w+", row[2])) for row in rows_of("docs/pictures.md")}
    assert stated == {name: options - {"self", "interpolation"} for name, options in taken.items()}


def test_preprocessings_have_a_row_each():
    assert [row[0] for row in rows_of("docs/preprocessing.md")] == list(preprocess.PREPROCESSING)


def test_options_of_load_have_the_sources_that_take_them():
    stated = {name: row[1] for row in rows_of("docs/sources.md") for name in re.findall(r"\w+", row[0])}
    takers = {name: [source.kind for source in SOURCES if source.takes(name)] for name in options_of_load()}
    assert stated == {
        name: "all" if name in EVERYWHERE else "files, folders" if name in OF_FILES else ", ".join(kinds)
        for name, kinds in takers.items()
    }


def options_of_load():
    return [one.name for one in dataclasses.fields(LoadOptions)]


# preprocessing: the formulas of the page, in NumPy

SIZE = 24, 20
COLOURS = np.random.RandomState(0).randint(0, 256, (45, 64, 3), np.uint8)


def bilinear(image, height, width, half_pixel_centers=False):
    with tf1.Graph().as_default(), tf1.Session() as session:
        op = tf1.raw_ops.ResizeBilinear
        batch = np.asarray(image, np.float32)[None]
        return session.run(op(images=batch, size=[height, width], half_pixel_centers=half_pixel_centers))[0]


def central(x, share):
    top, left = (int(n * (1 - share) / 2) for n in x.shape[:2])
    return x[top : x.shape[0] - top, left : x.shape[1] - left]


def shorter_side(x, side):
    scale = side / min(x.shape[:2])
    return bilinear(x, *(round(n * scale) for n in x.shape[:2]))


def centre(x):
    top, left = ((n - m) // 2 for n, m in zip(x.shape, SIZE))
    return x[top : top + SIZE[0], left : left + SIZE[1]]


NAMES = {
    "x": COLOURS.astype(np.float32),
    "resize": lambda x: bilinear(x, *SIZE, half_pixel_centers=True),
    "resize_tf1": lambda x: bilinear(x, *SIZE),
    "central": central,
    "shorter_side": shorter_side,
    "centre": centre,
}


def constants():
    """Return the constants that the page states, by name."""
    pairs = re.findall(r"`(\w+)`(?: is)? (\([\d., ]+\))", text_of("docs/preprocessing.md"))
    return {name: np.array(eval(values), np.float32) for name, values in pairs}


@pytest.mark.parametrize("name, formula", [row[:2] for row in rows_of("docs/preprocessing.md")])
def test_formula_is_what_is_done(name, formula):
    with tf1.Graph().as_default(), tf1.Session() as session:
        done = session.run(preprocess.PREPROCESSING[name].apply(tf1.constant(COLOURS), SIZE))
    stated = eval(formula, {**NAMES, **constants()})
    # half a dozen float32 roundings, each of at most 2^-24 of the largest value
    np.testing.assert_allclose(stated, done, rtol=0, atol=8 * 2**-24 * np.abs(done).max())


# the command line


def section_of(command):
    """Return the text on a command, and the tables that all share."""
    text = text_of("docs/command-line.md")
    shared, *sections = text.split("\n## slimcam ")
    return shared + next(one.split("\n## ")[0] for one in sections if one.startswith(command + "\n"))


@pytest.mark.parametrize("command", sorted(cli.main.commands))
def test_every_command_and_option_is_described(command):
    options = [one for one in cli.main.commands[command].params if isinstance(one, click.Option)]
    names = [name for option in options for name in option.opts if name != "--model"]
    assert [name for name in names if f"{name} " not in section_of(command).replace("`", " ").replace(",", " ")] == []


# versions


def test_pre_commit_has_the_pinned_linters():
    pins = re.findall(r'"((?:ruff|mypy)==[\d.]+)"', text_of(".pre-commit-config.yaml"))
    assert set(pins) == {requirement.split(";")[0] for requirement in EXTRAS["lint"]}
