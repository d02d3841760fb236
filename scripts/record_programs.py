"""Record what the old programs of the tests print on TensorFlow 1.15.5, run there by itself or under `slimcam run`.

    .venvs/python3.7-tf-test/bin/python scripts/record_programs.py [NAME ...]

writes tests/data/programs/NAME.txt; tests/programs compare with that on other TensorFlows.
"""

import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from fixtures.old_programs import PROGRAMS, record_of, run_original  # noqa: E402

from slimcam._tf import TF_VERSION  # noqa: E402


def main(names):
    """Run programs, all without names, and write what each prints."""
    if TF_VERSION != (1, 15, 5):
        sys.exit("run this on TensorFlow 1.15.5: the tests compare with its numbers")
    for name in names or PROGRAMS:
        with tempfile.TemporaryDirectory() as folder:
            ended = run_original(name, folder)
        if ended.status:
            sys.exit(f"{name}: ended with status {ended.status}: {ended.err}")
        record_of(name, ended.out)
        print(name)


if __name__ == "__main__":
    main(sys.argv[1:])
