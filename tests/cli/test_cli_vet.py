"""`slimcam vet`: what is in a file beside computing, and the exit status for a gate."""

import json

from fixtures import harmful


def test_pure_file_ends_with_0(run, tmp_path):
    path = harmful.frozen("", str(tmp_path))
    result = run("vet", path)
    assert (result.status, result.stdout) == (0, f"{path}: pure: nothing but computing with tensors\n")


def test_file_that_writes_ends_with_1_and_names_the_node(run, tmp_path):
    path = harmful.frozen("WriteFile", str(tmp_path))
    result = run("vet", path)
    assert (result.status, result.stdout) == (1, f"{path}: refused: 'WriteFile' is WriteFile, which writes files\n")


def test_what_is_allowed_by_its_word_is_noted(run, tmp_path):
    path = harmful.frozen("WriteFile", str(tmp_path))
    result = run("vet", path, "--allow", "WriteFile,ReadFile")
    assert (result.status, result.stdout) == (0, f"{path}: noted: 'WriteFile' is WriteFile, which writes files\n")


def test_several_files_as_json(run, tmp_path):
    (tmp_path / "pure").mkdir()
    paths = [harmful.frozen("WriteFile", str(tmp_path)), harmful.frozen("", str(tmp_path / "pure"))]
    result = run("vet", *paths, "--json")
    finding = {"where": "WriteFile", "what": "WriteFile", "why": "writes files", "allow": "WriteFile"}
    assert result.status == 1
    assert json.loads(result.stdout) == [
        {"path": paths[0], "pure": False, "refused": [finding], "said": []},
        {"path": paths[1], "pure": True, "refused": [], "said": []},
    ]


def test_file_that_cannot_be_read_ends_with_2(run, tmp_path):
    (tmp_path / "net.pb").write_bytes(b"\x00\xff")
    result = run("vet", str(tmp_path / "net.pb"))
    assert result.status == 2 and result.stderr.startswith(f"slimcam: {tmp_path / 'net.pb'}: not a GraphDef")


def test_several_paths_go_on_after_one_that_is_refused_and_one_that_cannot_be_read(run, tmp_path):
    (tmp_path / "pure").mkdir()
    (tmp_path / "net.pb").write_bytes(b"\x00\xff")
    harmless = harmful.frozen("", str(tmp_path / "pure"))
    result = run("vet", str(tmp_path / "net.pb"), harmless)
    assert result.status == 2 and len(result.stderr.splitlines()) == 1
    assert result.stdout == f"{harmless}: pure: nothing but computing with tensors\n"
    (tmp_path / "refused").mkdir()
    refused = harmful.frozen("WriteFile", str(tmp_path / "refused"))
    result = run("vet", refused, str(tmp_path / "net.pb"), harmless, "--json")
    assert result.status == 1
    reports = json.loads(result.stdout)
    assert [one["path"] for one in reports] == [refused, str(tmp_path / "net.pb"), harmless]
    assert reports[1]["error"].startswith(f"{tmp_path / 'net.pb'}: not a GraphDef") and reports[2]["pure"]


def test_tflite_file_that_borrows_what_writes_ends_with_1(run, tmp_path):
    result = run("vet", harmful.tflite("WriteFile", str(tmp_path)))
    assert (result.status, "is WriteFile, which writes files" in result.stdout) == (1, True)
