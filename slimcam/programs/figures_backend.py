"""The backend of matplotlib that figures.py names: it draws as Agg does, and shows by writing."""

from matplotlib.backends.backend_agg import FigureCanvasAgg as FigureCanvas

from .figures import show

__all__ = ["FigureCanvas", "show"]
