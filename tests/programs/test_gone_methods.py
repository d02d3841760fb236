"""Methods that classes of libraries lost, put back in a process of their own."""

import subprocess
import sys
import textwrap

import pytest

METHODS = """
    import sys, warnings
    warnings.simplefilter("ignore")
    import numpy as np
    from slimcam.programs import gone

    def mend(module):
        for one in gone.mends(module) * 2:
            one()

    mend("numpy.random")
    x = np.array([[1, 2], [3, 5]], "<i2")
    assert x.tostring() == x.tobytes()
    assert x.ptp() == 4 and x.ptp(axis=0).tolist() == [2, 3]
    x.itemset(3, 7); x.itemset((0, 1), 4)
    assert x.tolist() == [[1, 4], [3, 7]]
    assert x.newbyteorder()[0, 0] == 256
    assert float(np.array([[2.5]])) == 2.5 and int(np.array([7])) == 7 and "%.1f" % np.array([0.25]) == "0.2"
    for bad in (np.zeros(2), np.zeros(0)):
        try:
            float(bad)
        except TypeError as error:
            assert "can be converted to Python scalars" in str(error)
        else:
            raise AssertionError(bad)

    import threading, array, html.parser, unittest, xml.etree.ElementTree as tree
    for name in ("threading", "array", "html.parser", "unittest", "xml.etree.ElementTree"):
        mend(name)
    assert threading.Thread().isAlive() is False
    assert array.array("B", [1, 2]).tostring() == b"\\1\\2"
    assert [one.tag for one in tree.fromstring("<a><b/></a>").getchildren()] == ["b"]
    assert html.parser.HTMLParser().unescape("&lt;") == "<"
    unittest.TestCase().assertEquals(1, 1)
"""


def checks(code):
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr


def test_methods_are_put_back():
    checks(METHODS)


def test_h5py_reads_as_before_release_3(tmp_path):
    pytest.importorskip("h5py")
    checks(f"""
        import h5py, numpy as np
        from slimcam.programs import gone

        for mend in gone.mends("h5py"):
            mend()
        File = gone.stand_in(gone.calls_of("h5py")["File"], h5py.File)
        with File({str(tmp_path / "old.h5")!r}) as file:
            file["weights"] = np.arange(3.)
            file["names"] = np.array(["a", "b"], dtype=h5py.special_dtype(vlen=str))
            file.attrs["config"] = '{{"layers": []}}'.encode()
            file.attrs["title"] = "t"
            assert file["weights"].value.tolist() == [0, 1, 2]
            assert file["names"][0] == "a" and list(file["names"][:]) == ["a", "b"]
            assert file.attrs["config"].decode("utf-8") == '{{"layers": []}}'
            assert file.attrs["title"] == "t"
            assert isinstance(file, h5py.File)
    """)


def test_pandas_has_what_it_had():
    pytest.importorskip("pandas", reason="no dependency; the rows are tried where it is")
    checks("""
        import pandas
        from slimcam.programs import gone

        for mend in gone.mends("pandas"):
            mend()
        table = pandas.DataFrame({"a": [1, 2], "b": [3., 4.]}, index=["x", "y"])
        assert table.ix["x", "a"] == 1 and table.ix[1, "b"] == 4 and table.ix[:1, 0].tolist() == [1]
        assert table.as_matrix().tolist() == [[1, 3], [2, 4]]
        assert table.append({"a": 5, "b": 6.}, ignore_index=True)["a"].tolist() == [1, 2, 5]
        assert [name for name, _ in table.iteritems()] == ["a", "b"]
        assert table.drop("a", 1).columns.tolist() == ["b"]
        assert table["a"].append(table["b"]).tolist() == [1, 2, 3, 4]
        assert table.get_value("y", "a") == 2
    """)


def test_pillow_measures_texts():
    pytest.importorskip("PIL", reason="pip install slimcam[programs]")
    checks("""
        from PIL import Image, ImageDraw, ImageFont
        from slimcam.programs import gone

        for mend in gone.mends("PIL"):
            mend()
        draw, font = ImageDraw.Draw(Image.new("L", (90, 90))), ImageFont.load_default()
        width, height = draw.textsize("word", font)
        assert width > height > 0
        assert draw.textsize("word\\nword", font)[0] == width
        assert font.getsize("word") == (width, height)
        assert gone.stand_in(gone.row_of("PIL.Image.ANTIALIAS")) == Image.LANCZOS
    """)


def test_pillow_computes_as_before_release_7():
    pytest.importorskip("PIL", reason="pip install slimcam[programs]")
    checks("""
        import numpy as np
        from PIL import Image, ImageOps
        from slimcam.programs import gone

        for mend in gone.mends("PIL") * 2:
            mend()

        def image(values):
            return Image.fromarray(np.array(values, np.uint8))

        # the nearest pixel unless told: the middles of the new two lie on the old second and fourth
        row = image([[0, 10, 20, 30]])
        assert np.array(row.resize((2, 1))).tolist() == [[10, 30]]
        # columns first, halves rounded up: rows of means 0.5, 0.5, 0, 0 -> 1, 1, 0, 0, and of those 0.5 -> 1; rows
        # first give 0.25, 0.25 -> 0, 0
        tall = image([[0, 1], [1, 0], [0, 0], [0, 0]])
        assert np.array(tall.resize((1, 1), Image.BOX)).tolist() == [[1]]
        assert np.array(image([[0, 10], [20, 30]]).resize((1, 1), Image.BOX, (1, 0, 2, 2))).tolist() == [[20]]
        # 0.299 * 0 + 0.587 * 1 + 0.114 * 3 = 0.929, cut off
        colour = image([[[0, 1, 3]]])
        for mode in ("L", "I"):
            assert np.array(colour.convert(mode)).tolist() == [[0]]
        assert np.array(colour.convert("RGBA").convert("LA")).tolist() == [[[0, 255]]]
        assert np.array(ImageOps.grayscale(colour)).tolist() == [[0]]
        assert abs(np.array(colour.convert("F"))[0, 0] - 0.929) < 1e-6
    """)


def test_matplotlib_draws_as_it_did():
    pytest.importorskip("matplotlib", reason="no dependency; the rows are tried where it is")
    checks("""
        import matplotlib
        matplotlib.use("Agg")
        from matplotlib import pyplot as plt, style
        from slimcam.programs import gone

        for mend in gone.mends("matplotlib.pyplot"):
            mend()
        assert gone.stand_in(gone.row_of("matplotlib.cm.get_cmap"))("spectral").name == "nipy_spectral"
        figure = plt.figure(figsize=(1, 1), dpi=10)
        axes = figure.gca(projection="3d")
        assert axes.name == "3d"
        counts, _, _ = plt.figure().gca().hist([0, 1, 1, 3], bins=2, range=(0, 4), normed=True)
        assert counts.tolist() == [0.375, 0.125]
        plt.grid(b=True)
        for labels in (["a", "b"], ["a", "b", "c", "d"]):
            plt.xticks([0, 1, 2], labels)
            shown = [label.get_text() for label in plt.gca().get_xticklabels()]
            assert shown == [*labels, ""][:3]
        plt.xticks([])
        plt.gca().set_axis_bgcolor("red")
        figure.canvas.draw()
        assert len(figure.canvas.tostring_rgb()) == 10 * 10 * 3
        gone.stand_in(gone.calls_of("matplotlib.style")["use"], style.use)("seaborn-white")
    """)


def test_scikit_image_and_scikit_learn_take_their_old_arguments():
    pytest.importorskip("skimage", reason="no dependency; the rows are tried where it is")
    pytest.importorskip("sklearn", reason="no dependency; the rows are tried where it is")
    checks("""
        import numpy as np
        from skimage import filters
        from slimcam.programs import gone

        image = np.random.RandomState(0).uniform(size=(16, 16, 3))
        gaussian = gone.stand_in(gone.calls_of("skimage.filters")["gaussian"], filters.gaussian)
        wanted = filters.gaussian(image, 1, channel_axis=-1)
        np.testing.assert_array_equal(gaussian(image, 1, multichannel=True), wanted)
        ssim = gone.stand_in(gone.row_of("skimage.measure.compare_ssim"))
        assert ssim(image, image, multichannel=True) == 1
        for mend in gone.mends("sklearn.manifold"):
            mend()
        from sklearn.manifold import TSNE
        assert TSNE(2, n_iter=300).get_params()["max_iter" if "max_iter" in TSNE().get_params() else "n_iter"] == 300
        assert TSNE().get_params()["init"] in ("random", "warn")  # "warn": announced, not yet changed
        from sklearn import cluster, ensemble, model_selection, svm
        from sklearn.base import clone
        search = model_selection.GridSearchCV(svm.SVC(C=2.0), {"C": [1.0]})
        assert (search.cv, search.estimator.gamma, clone(search).estimator.C) == (3, "auto", 2.0)
        assert model_selection.GridSearchCV(svm.SVC(), {"C": [1.0]}, cv=4).cv == 4
        assert model_selection.KFold().n_splits == 3 and model_selection.KFold(5).n_splits == 5
        assert ensemble.RandomForestClassifier().n_estimators == 10 and cluster.KMeans().n_init == 10
        score = gone.stand_in(
            gone.calls_of("sklearn.model_selection")["cross_val_score"], model_selection.cross_val_score
        )
        x, y = np.arange(12.0).reshape(12, 1), np.arange(12) % 2
        assert (len(score(svm.SVC(), x, y)), len(score(svm.SVC(), x, y, cv=2))) == (3, 2)
        imputer = gone.stand_in(gone.row_of("sklearn.preprocessing.Imputer"))(strategy="mean")
        assert imputer.fit_transform([[1.], [np.nan], [3.]]).tolist() == [[1], [2], [3]]
    """)
