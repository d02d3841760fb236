"""Messages by their encoding, each byte worked by hand (protobuf.dev/programming-guides/encoding)."""

import pytest

from slimcam.files.wire import fields, message, number, varint


def test_numbers_and_bytes_come_by_field():
    # field 1 = 150 in two bytes, field 2 = "hi", field 1 again = 2; field 3 of eight bytes, which is left out
    data = b"\x08\x96\x01" + b"\x12\x02hi" + b"\x08\x02" + b"\x19" + bytes(8)
    assert fields(data) == {1: [150, 2], 2: [b"hi"]}
    assert number(fields(data), 1) == 2
    assert number(fields(data), 9, -1) == -1


def test_a_message_in_a_message_is_read_and_a_missing_one_is_empty():
    assert message(fields(b"\x0a\x02\x08\x05"), 1) == {1: [5]}
    assert message({}, 1) == {}


def test_a_negative_number_has_ten_bytes():
    assert varint(b"\xff" * 9 + b"\x01", 0) == (2**64 - 1, 10)
    assert number(fields(b"\x08" + b"\xff" * 9 + b"\x01"), 1) == -1


@pytest.mark.parametrize(
    "data, words",
    [
        (b"\x08", "a number without end"),
        (b"\x08" + b"\xff" * 11, "a number without end"),
        (b"\x12\x05hi", "beyond its end"),
        (b"\x19\x00", "beyond its end"),
        (b"\x0b", "of kind 3"),
    ],
)
def test_what_is_no_message_is_an_error(data, words):
    with pytest.raises(ValueError, match=words):
        fields(data)


def test_a_field_of_another_kind_is_an_error():
    with pytest.raises(ValueError, match="no bytes"):
        message(fields(b"\x08\x05"), 1)
    with pytest.raises(ValueError, match="no int"):
        number(fields(b"\x0a\x02hi"), 1)
