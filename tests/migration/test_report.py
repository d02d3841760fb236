"""What a verification says of itself."""

import json
import re

from recorded_net import QUANTITIES

import slimcam
from slimcam._tf import tf
from slimcam.migration import TOLERANCES, golden

# --- the report


def test_the_report_says_what_was_recorded_where_and_what_was_verified(recorded, old):
    found = slimcam.verify(recorded, old)
    first, second = found.header().splitlines()
    digest = golden.read(recorded).model["sha256"][:12]
    assert first.startswith(f"recorded  {old} (sha256 {digest}), TensorFlow {tf.__version__} on Python ")
    assert first.endswith("3 photos, the winning class, dialect paper, method gradcam")
    assert second.startswith(f"verified  {old}, TensorFlow {tf.__version__} on Python ")
    lines = found.table().splitlines()
    assert lines[:2] == [first, second]
    assert re.match(r"quantity +layer +largest difference +of the largest value +tolerance$", lines[3].rstrip())
    assert lines[-1] == "passed: all 9 are within their tolerances"


def test_the_report_as_json(recorded, old):
    report = json.loads(json.dumps(slimcam.verify(recorded, old).to_json(), allow_nan=False))
    assert report["passed"] is True
    assert report["recorded"]["model"]["source"] == old
    assert report["verified"]["made_by"]["tensorflow"] == tf.__version__
    assert [row["quantity"] for row in report["rows"]][:4] == QUANTITIES[:4]
    assert report["rows"][0]["layer"] is None
    assert report["rows"][3]["layer"] == "maps"
    assert report["rows"][3]["tolerance"] == TOLERANCES["activations"]
