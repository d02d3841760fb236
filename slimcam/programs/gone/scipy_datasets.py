"""The pictures of scipy.misc, which SciPy downloads since release 1.10."""

from typing import Any

from ...errors import MissingPackage


def _data_set(name: str, **options: Any) -> Any:
    try:
        from scipy import datasets

        return getattr(datasets, name)(**options)
    except ImportError as error:
        raise MissingPackage(f"scipy.misc.{name} is downloaded by pooch since SciPy 1.10: pip install pooch") from error


def face(gray: bool = False) -> Any:
    """Return a raccoon's face, (768, 1024, 3) uint8; (768, 1024) if `gray`."""
    return _data_set("face", gray=gray)


def ascent() -> Any:
    """Return a stair, (512, 512); SciPy 1.0 gave int64, as here."""
    return _data_set("ascent").astype("int64")


def electrocardiogram() -> Any:
    """Return five minutes of a heart's signal, (108000,) float64, in mV."""
    return _data_set("electrocardiogram")
