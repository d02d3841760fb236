"""What a row of the table of lost names is, and short ways to write many of them."""

from typing import NamedTuple, Tuple


class Gone(NamedTuple):
    """A name that a library had when old programs were written, and has no more.

    `name` is the whole name: "numpy.float"; of a class: "h5py.Dataset.value"; of what a function still called so no
    longer takes: "yaml.load(without Loader)". `since` is the release that it went with, "Python 3.0" for what only
    Python 2 had. `instead` is what to write today. `stand_in` says where its old behaviour is: "=module:name" is a name
    elsewhere, "=module" a module; "file:name" a name of a file of this folder; "*" a module made of the rows below it;
    "" nowhere, and then a program that needs it is told so. `of` is "module" for a name that a module is asked for,
    "class" for one that objects are asked for, "call" for a function that takes less than it did.
    """

    name: str
    since: str
    instead: str = ""
    stand_in: str = ""
    of: str = "module"

    @property
    def owner(self) -> str:
        """Return the module, or the module and class, that the name was asked of; "" for a module of the top."""
        return self.name.split("(")[0].rpartition(".")[0]

    @property
    def last(self) -> str:
        """Return the last part of the name."""
        return self.name.split("(")[0].rpartition(".")[2]

    @property
    def python2(self) -> bool:
        """Return whether only Python 2 had it: a program that guards its import has another way, and takes that."""
        return self.since == "Python 3.0"


def moved(since: str, owner: str, **names: str) -> Tuple[Gone, ...]:
    """Return rows of names that are the same elsewhere, each by its whole name of today: gcd="math.gcd"."""
    return tuple(Gone(f"{owner}.{old}", since, new, "={}:{}".format(*new.rsplit(".", 1))) for old, new in names.items())


def moved_to(since: str, owner: str, module: str, *names: str) -> Tuple[Gone, ...]:
    """Return rows of names that another module has under the same name."""
    return moved(since, owner, **{name: f"{module}.{name}" for name in names})


def modules(since: str, **names: str) -> Tuple[Gone, ...]:
    """Return rows of modules of the top that are called otherwise today: cPickle="pickle"."""
    return tuple(Gone(old, since, new, f"={new}") for old, new in names.items())


def stand_ins(since: str, owner: str, file: str, **names: str) -> Tuple[Gone, ...]:
    """Return rows of names that a file of this folder has, each with what to write today."""
    return tuple(Gone(f"{owner}.{name}", since, instead, f"{file}:{name}") for name, instead in names.items())


def methods(since: str, owner: str, file: str, **names: str) -> Tuple[Gone, ...]:
    """Return rows of names of a class, which a file of this folder has as functions or properties."""
    return tuple(row._replace(of="class") for row in stand_ins(since, owner, file, **names))


def absent(since: str, owner: str, instead: str, *names: str) -> Tuple[Gone, ...]:
    """Return rows of names that nothing stands in for."""
    return tuple(Gone(f"{owner}.{name}" if owner else name, since, instead) for name in names)
