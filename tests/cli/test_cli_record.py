"""`slimcam record`; what it writes is in tests/migration."""

from fixtures.command import assert_error_line


def test_a_python_that_does_not_exist(run, old, make_photo):
    result = run("record", make_photo("one.png"), "--model", old, "--preprocess", "squash", "--python", "/no/python3.7")
    assert_error_line(result, "/no/python3.7")


def test_a_python_that_fails_is_one_line(run, old, make_photo, tmp_path):
    (tmp_path / "python").write_text("#!/bin/sh\necho starting >&2\necho no licence >&2\nexit 7\n")
    (tmp_path / "python").chmod(0o755)
    result = run(
        "record", make_photo("one.png"), "--model", old, "--out", "never-made", "--python", tmp_path / "python"
    )
    assert_error_line(result, "not a Python interpreter: .*ended with status 7; it said: no licence")
