"""What matplotlib took away."""

from .rows import Gone, absent, methods, moved, stand_ins

PLOTS = (
    *stand_ins("matplotlib 3.0", "matplotlib.pyplot", "plot_names", hold="nothing: it always holds", ishold="True"),
    *stand_ins("matplotlib 3.9", "matplotlib.cm", "plot_names", get_cmap="matplotlib.colormaps[name]"),
    *stand_ins("matplotlib 3.9", "matplotlib.cm", "plot_names", register_cmap="matplotlib.colormaps.register(cmap)"),
    *moved("matplotlib 3.0", "matplotlib.cm", spectral="matplotlib.cm.nipy_spectral"),
    *moved("matplotlib 3.0", "matplotlib.cm", spectral_r="matplotlib.cm.nipy_spectral_r"),
    *moved("matplotlib 3.0", "matplotlib.cm", Vega10="matplotlib.cm.tab10", Vega20="matplotlib.cm.tab20"),
    *moved("matplotlib 3.0", "matplotlib.pyplot", spectral="matplotlib.pyplot.nipy_spectral"),
    *moved("matplotlib 3.11", "matplotlib.pyplot", plot_date="matplotlib.pyplot.plot"),
    *stand_ins("matplotlib 3.1", "matplotlib.mlab", "mlab_names", bivariate_normal="scipy.stats.multivariate_normal"),
    *stand_ins(
        "matplotlib 3.1", "matplotlib.mlab", "mlab_names", normpdf="scipy.stats.norm.pdf", find="numpy.flatnonzero"
    ),
    *stand_ins("matplotlib 3.1", "matplotlib.mlab", "mlab_names", rms_flat="numpy.sqrt((x ** 2).mean())"),
    *stand_ins(
        "matplotlib 3.1", "matplotlib.mlab", "mlab_names", dist="numpy.linalg.norm(x - y)", frange="numpy.arange"
    ),
    *stand_ins("matplotlib 3.1", "matplotlib.mlab", "mlab_names", movavg="numpy.convolve", prctile="numpy.percentile"),
    *absent("matplotlib 3.1", "matplotlib.mlab", "scipy.interpolate.griddata", "griddata"),
    *absent("matplotlib 3.1", "matplotlib.mlab", "sklearn.decomposition.PCA", "PCA"),
    *absent("matplotlib 3.1", "matplotlib.mlab", "pandas.read_csv", "csv2rec", "rec2csv"),
    *absent("matplotlib 2.2", "matplotlib", "the package mplfinance", "finance"),
    *absent("matplotlib 2.2", "matplotlib", "matplotlib.tri", "delaunay"),
    *absent("matplotlib 1.3", "matplotlib", "matplotlib.path.Path.contains_points", "nxutils"),
    *stand_ins(
        "matplotlib 3.1",
        "matplotlib.cbook",
        "plot_names",
        iterable="numpy.iterable",
        is_string_like="isinstance(x, str)",
    ),
    *moved("matplotlib 3.8", "matplotlib.cbook", mplDeprecation="matplotlib.MatplotlibDeprecationWarning"),
    *moved(
        "matplotlib 3.8", "matplotlib.cbook", MatplotlibDeprecationWarning="matplotlib.MatplotlibDeprecationWarning"
    ),
    *absent("matplotlib 3.1", "matplotlib", "logging", "verbose"),
    *methods("matplotlib 3.0", "matplotlib.axes.Axes", "plot_methods", hold="nothing: it always holds"),
    *methods("matplotlib 2.2", "matplotlib.axes.Axes", "plot_methods", set_axis_bgcolor="ax.set_facecolor(colour)"),
    *methods("matplotlib 2.2", "matplotlib.axes.Axes", "plot_methods", get_axis_bgcolor="ax.get_facecolor()"),
    *methods("matplotlib 2.2", "matplotlib.axes.Axes", "plot_methods", set_color_cycle="ax.set_prop_cycle(color=…)"),
    *methods("matplotlib 3.11", "matplotlib.axes.Axes", "plot_methods", plot_date="ax.plot(x, y)"),
    *methods(
        "matplotlib 3.6",
        "matplotlib.backend_bases.FigureCanvasBase",
        "plot_methods",
        set_window_title="figure.canvas.manager.set_window_title(title)",
    ),
    *methods(
        "matplotlib 3.10",
        "matplotlib.backends.backend_agg.FigureCanvasAgg",
        "plot_methods",
        tostring_rgb="numpy.asarray(canvas.buffer_rgba())[..., :3].tobytes()",
    ),
    # Names and calls that take less: what wraps a method takes the one that is there.
    Gone(
        "matplotlib.figure.Figure.gca(projection=)",
        "matplotlib 3.7",
        "figure.add_subplot(projection=)",
        "plot_methods:gca",
        "class",
    ),
    Gone("matplotlib.axes.Axes.hist(normed=)", "matplotlib 3.1", "density=", "plot_methods:normed", "class"),
    Gone(
        "matplotlib.axis.Axis.set_ticklabels(more or fewer)",
        "matplotlib 3.3",
        "as many labels as places",
        "plot_methods:as_many",
        "class",
    ),
    Gone("matplotlib.axes.Axes.grid(b=)", "matplotlib 3.6", "visible=", "plot_methods:visible", "class"),
    Gone("matplotlib.style.use(seaborn)", "matplotlib 3.8", '"seaborn-v0_8"', "plot_methods:style", "call"),
)
