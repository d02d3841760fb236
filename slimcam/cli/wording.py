"""Errors and notes in the words of the command line: `--input`, where Python says `input=`."""

import re
from dataclasses import fields

from ..sources.options import ON_COMMAND_LINE, LoadOptions
from ..text.printable import one_line

# Options of commands, which are keywords of GradCAM, Maps and others in Python.
OF_COMMANDS = (
    *("alpha", "channels", "colormap", "columns", "count", "dialect", "hold", "layer", "method", "overwrite"),
    *("python", "recipe", "seed", "size", "step", "steps", "style", "target", "together", "truth"),
)
# Keywords of load() that no option stands for.
PYTHON_ONLY = tuple(
    one.name for one in fields(LoadOptions) if one.name not in ON_COMMAND_LINE and one.name not in OF_COMMANDS
)
OPTIONS = {name: f"--{name}" for name in OF_COMMANDS}
OPTIONS.update({name: f"--{row.option or name}".replace("_", "-") for name, row in ON_COMMAND_LINE.items()})

VALUE = r"""(?P<value>'[^']*'|"[^"]*"|\[[^\]]*\]|\{[^}]*\}|[\w.]*\w)?"""
KEYWORD = re.compile(rf"(?<![\w/.-])(?P<name>{'|'.join((*OPTIONS, *PYTHON_ONLY))})={VALUE}")
# `load(path, engine='tape')`, of which the keyword is what the command line says.
CALL = re.compile(r"(?:slimcam\.)?load\([^(),]*, ([^()]+)\)")
# `target=slimcam.Peak(k) (--target peak:K)`: both ways in one, of which the second is the command line's.
EITHER = re.compile(r"(?:\w+=)?slimcam\.\w+\((?:[^()]|\([^()]*\))*\) \((--[^()]+)\)")


def in_options(text: str) -> str:
    """Return a message with options in the place of Python's keywords: `input='x'` as `--input 'x'`."""
    return KEYWORD.sub(_option, CALL.sub(r"\1", EITHER.sub(r"\1", text)))


def line(text: str) -> str:
    """Return an error or a note as the line that goes to stderr."""
    return one_line(f"slimcam: {in_options(text)}")


def _option(keyword: "re.Match[str]") -> str:
    name, value = keyword["name"], keyword["value"]
    if name in PYTHON_ONLY:
        return f"{keyword[0]} (in Python)"
    if name == "custom_objects" and value:
        key = re.match(r"\{['\"]([^'\"]*)['\"]", value)
        value = f"{key[1] if key else 'NAME'}=package.module:function"
    if name == "allow" and (value or "").startswith("["):
        value = ",".join(re.findall(r"[^\s\[\],'\"]+", value))
    return OPTIONS[name] + (f" {value}" if value and value != "True" else "")
