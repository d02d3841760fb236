"""What h5py, pandas and PyYAML took away."""

from .rows import Gone, absent, methods, moved, moved_to, stand_ins

_ROLLING = {
    f"rolling_{name}": f"x.rolling(…).{name}()" for name in ("mean", "std", "sum", "var", "min", "max", "median")
}
_INT_INDEX = dict.fromkeys(("Int64Index", "UInt64Index", "Float64Index"), "pandas.Index")

DATA = (
    *methods("h5py 3.0", "h5py.Dataset", "h5py_names", value="dataset[()]"),
    Gone("h5py.Dataset.__getitem__(texts)", "h5py 3.0", "dataset.asstr()[()]", "h5py_names:texts", "class"),
    Gone("h5py.AttributeManager.__getitem__(bytes)", "h5py 3.0", "text.encode()", "h5py_names:attributes", "class"),
    Gone("h5py.highlevel", "h5py 3.0", "h5py", "=h5py"),
    Gone("h5py.File(without mode)", "h5py 3.0", 'h5py.File(path, "r")', "h5py_names:mode", "call"),
    Gone("yaml.load(without Loader)", "PyYAML 6.0", "yaml.safe_load", "yaml_names:with_loader", "call"),
    Gone("yaml.load_all(without Loader)", "PyYAML 6.0", "yaml.safe_load_all", "yaml_names:with_loader", "call"),
    *(
        row
        for owner in ("pandas.DataFrame", "pandas.Series")
        for row in (
            *methods("pandas 1.0", owner, "pandas_names", ix="x.loc[…] or x.iloc[…]", as_matrix="x.to_numpy()"),
            *methods("pandas 2.0", owner, "pandas_names", append="pandas.concat([x, y])", iteritems="x.items()"),
            *methods("pandas 2.0", owner, "pandas_names", mad="(x - x.mean()).abs().mean()"),
            *methods(
                "pandas 1.0", owner, "pandas_names", get_value="x.at[row, column]", set_value="x.at[row, column] = v"
            ),
            *methods("pandas 0.20", owner, "pandas_names", sort="x.sort_values(…)"),
            *methods("pandas 3.0", owner, "pandas_names", pad="x.ffill()", backfill="x.bfill()"),
        )
    ),
    *methods("pandas 0.20", "pandas.Series", "pandas_names", order="x.sort_values()"),
    *methods("pandas 1.0", "pandas.Series", "pandas_names", nonzero="x.to_numpy().nonzero()", ptp="x.max() - x.min()"),
    *methods("pandas 3.0", "pandas.Series", "pandas_names", ravel="x.to_numpy().ravel()"),
    *methods("pandas 3.0", "pandas.DataFrame", "pandas_names", applymap="x.map(function)"),
    *methods("pandas 2.0", "pandas.DataFrame", "pandas_names", lookup="x.to_numpy()[rows, columns]"),
    *methods("pandas 1.0", "pandas.DataFrame", "pandas_names", from_csv="pandas.read_csv(path, index_col=0)"),
    Gone("pandas.DataFrame.drop(axis by position)", "pandas 2.0", "axis=", "pandas_names:drop", "class"),
    *stand_ins("pandas 3.0", "pandas", "pandas_names", value_counts="x.value_counts()", **_ROLLING, **_INT_INDEX),
    *moved("pandas 2.0", "pandas", datetime="datetime.datetime"),
    Gone("pandas.np", "pandas 2.0", "numpy", "=numpy"),
    *moved_to("pandas 0.25", "pandas", "pandas.plotting", "scatter_matrix"),
    Gone("pandas.tools", "pandas 0.25", "pandas", "*"),
    Gone("pandas.tools.plotting", "pandas 0.25", "pandas.plotting", "=pandas.plotting"),
    *moved("pandas 2.0", "pandas.io.json", json_normalize="pandas.json_normalize"),
    Gone("pandas.util.testing", "pandas 2.0", "pandas.testing", "=pandas.testing"),
    *moved("pandas 1.0", "pandas", TimeSeries="pandas.Series"),
    *absent("pandas 0.25", "pandas", "the package xarray", "Panel"),
    *absent("pandas 1.0", "pandas", "pandas.arrays.SparseArray", "SparseDataFrame", "SparseSeries"),
    *absent("pandas 0.21", "pandas.io", "the package pandas-datareader", "data"),
    *absent("pandas 0.23", "pandas", "x.ewm(…).mean()", "ewma"),
)
