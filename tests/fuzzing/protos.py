"""Changes of a protocol buffer, field by field: its descriptors say what there is, whatever message it is."""

from random import Random
from typing import Any, Callable, Iterator, List, NamedTuple

from .mutations import INTEGERS, NUMBERS, WORDS, damage


class Slot(NamedTuple):
    """A field of a message within the message that is changed."""

    message: Any
    field: Any
    path: str


def is_list(field: Any) -> bool:
    """Whether a field is repeated; a map is too."""
    said = getattr(field, "is_repeated", None)  # protobuf 6; `label`, which it had before, it warns of
    return bool(field.label == field.LABEL_REPEATED if said is None else said)


def is_map(field: Any) -> bool:
    """Whether a field is a map."""
    return field.type == field.TYPE_MESSAGE and field.message_type.GetOptions().map_entry


def slots(message: Any, path: str = "") -> Iterator[Slot]:
    """Yield the fields of a message that are set, and those of the messages in it."""
    for field, value in message.ListFields():
        here = f"{path}.{field.name}" if path else field.name
        yield Slot(message, field, here)
        if field.type != field.TYPE_MESSAGE:
            continue
        if is_map(field):
            if field.message_type.fields_by_name["value"].type == field.TYPE_MESSAGE:
                for key in sorted(value):
                    yield from slots(value[key], f"{here}[{key!r}]")
        elif is_list(field):
            for i, one in enumerate(value):
                yield from slots(one, f"{here}[{i}]")
        else:
            yield from slots(value, here)


def change(random: Random, message: Any, op_types: List[str]) -> str:
    """Change one field of a message in place; return which, and how. `op_types` are what a node's `op` may become."""
    found = list(slots(message))
    if not found:
        return "nothing to change"
    if random.random() < 0.25:  # weights are many fields; an operation's own are what it hangs on
        found = [
            one for one in found if one.field.name in ("op", "input", "name", "attr", "type", "shape", "dim")
        ] or found
    slot = random.choice(found)
    if random.random() < 0.1:
        unset = [f for f in slot.message.DESCRIPTOR.fields if not is_list(f) and f.type != f.TYPE_MESSAGE]
        if unset:  # a field that was not there, or the other of a oneof
            field = random.choice(unset)
            return f"{slot.path}: {field.name} {_assign(random, slot.message, field, found, op_types)}"
    if is_map(slot.field):
        return f"{slot.path}: {_change_map(random, slot, found)}"
    if is_list(slot.field):
        return f"{slot.path}: {_change_list(random, slot, found, op_types)}"
    if random.random() < 0.15:
        slot.message.ClearField(slot.field.name)
        return f"{slot.path}: cleared"
    if slot.field.type == slot.field.TYPE_MESSAGE:
        return f"{slot.path}: {_merge(random, getattr(slot.message, slot.field.name), found)}"
    return f"{slot.path}: {_assign(random, slot.message, slot.field, found, op_types)}"


def _merge(random: Random, message: Any, found: List[Slot]) -> str:
    """Put another message of the same type in the place of one."""
    name = message.DESCRIPTOR.full_name
    others = [one.message for one in found if one.message.DESCRIPTOR.full_name == name and one.message is not message]
    if not others:
        message.Clear()
        return "emptied"
    copy = type(message)()
    copy.CopyFrom(random.choice(others))
    message.CopyFrom(copy)
    return "that of another"


def _change_map(random: Random, slot: Slot, found: List[Slot]) -> str:
    values = getattr(slot.message, slot.field.name)
    key = random.choice(sorted(values))
    holds_messages = slot.field.message_type.fields_by_name["value"].type == slot.field.TYPE_MESSAGE
    way = random.randrange(3)
    if way == 0 or not holds_messages or (way == 1 and not isinstance(key, str)):  # of numbers nothing is renamed
        del values[key]
        return f"{key!r} taken out"
    if way == 1:
        names = "T", "dtype", "shape", "value", "_class", "_output_shapes", "data_format"
        others: List[Any] = [0, 1, 2, 2**31 - 1] if isinstance(key, int) else list(names)  # numbers are of arguments
        other = random.choice([*others, *sorted(values)])  # a map has no order of its own
        copy = type(values[key])()
        copy.CopyFrom(values[key])
        del values[key]
        values[other].CopyFrom(copy)
        return f"{key!r} renamed {other!r}"
    return f"{key!r} {_merge(random, values[key], found)}"


def _change_list(random: Random, slot: Slot, found: List[Slot], op_types: List[str]) -> str:
    values = getattr(slot.message, slot.field.name)
    at = random.randrange(len(values))
    way = random.randrange(4)
    if way == 0:
        del values[at]
        return f"[{at}] taken out"
    if way == 1:
        times = random.choice((1, 1, 1, 20, 2000))
        values.extend([values[at]] * times)
        return f"[{at}] {times} times more"
    if way == 2:
        items = list(values) if slot.field.type != slot.field.TYPE_MESSAGE else [_copy(one) for one in values]
        random.shuffle(items)
        del values[:]
        values.extend(items)
        return "in another order"
    if slot.field.type == slot.field.TYPE_MESSAGE:
        return f"[{at}] {_merge(random, values[at], found)}"
    values[at] = _value(random, slot.field, values[at], found, op_types)
    return f"[{at}] is {str(values[at])[:60]!r}"


def _copy(message: Any) -> Any:
    copy = type(message)()
    copy.CopyFrom(message)
    return copy


def _assign(random: Random, message: Any, field: Any, found: List[Slot], op_types: List[str]) -> str:
    value = _value(random, field, getattr(message, field.name), found, op_types)
    setattr(message, field.name, value)
    return f"is {str(value)[:60]!r}"


def _value(random: Random, field: Any, old: Any, found: List[Slot], op_types: List[str]) -> Any:
    """Return another value of a field's type."""
    if field.type == field.TYPE_STRING:
        if field.name == "op" and random.random() < 0.8:
            return random.choice(op_types)
        return _text(random, field, old, found)
    if field.type == field.TYPE_BYTES:
        return damage(random, old)[0] if random.random() < 0.7 else random.choice(WORDS).encode()
    if field.type == field.TYPE_BOOL:
        return not old
    if field.type in (field.TYPE_FLOAT, field.TYPE_DOUBLE):
        return random.choice(NUMBERS)
    if field.type == field.TYPE_ENUM:
        return random.choice([*(value.number for value in field.enum_type.values), 101, 120, 999])
    numbers: List[Any] = [*INTEGERS, *(old + step for step in (-1, 1))]
    return random.choice([one for one in numbers if _fits(field, one)])


def _fits(field: Any, number: int) -> bool:
    signed = {field.TYPE_INT32: 31, field.TYPE_SINT32: 31, field.TYPE_SFIXED32: 31}
    unsigned = {field.TYPE_UINT32: 32, field.TYPE_FIXED32: 32, field.TYPE_UINT64: 64, field.TYPE_FIXED64: 64}
    if field.type in unsigned:
        return 0 <= number < 2 ** unsigned[field.type]
    bits = signed.get(field.type, 63)
    return -(2**bits) <= number < 2**bits


def _text(random: Random, field: Any, old: str, found: List[Slot]) -> str:
    ways: List[Callable[[], str]] = [
        lambda: random.choice(WORDS).replace("\ud800", ""),
        lambda: random.choice(_texts(found)) if random.random() < 0.9 else old + ":1",
        lambda: "^" + old,
        lambda: old.split(":")[0] + random.choice((":0", ":1", ":-1", ":x", "/", "")),
    ]
    return random.choice(ways)()


def _texts(found: List[Slot]) -> List[str]:
    """Return the names that nodes and their like have."""
    names = [one.message.name for one in found if one.field.name == "name" and isinstance(one.message.name, str)]
    return names or ["a"]
