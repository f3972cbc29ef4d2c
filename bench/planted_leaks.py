"""Leaks that are planted into a database, or beside it, to see that the attack finds each of them."""

import base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Connection, text

from app.foundation.digest import sha256
from bench.attacked_round import START, AttackedRound, Identities
from bench.database_attack import Alarm

Plant = Callable[[Connection, AttackedRound], None]


@dataclass(frozen=True)
class PlantedLeak:
    """A leak, what it tells, and a part of the place that the attack has to name."""

    plant: Plant
    label: str
    place: str


def items_by(identities: Identities, *label_names: str) -> list[int]:
    """The items in the order of an allocation: by these labels."""
    return sorted(
        range(len(identities.codes)),
        key=lambda item: [int(identities.classes_by_label[name][item]) for name in label_names],
    )


def interleaved_arms(identities: Identities) -> list[int]:
    """The items so that arms follow one another in turn."""
    by_arm: dict[int, list[int]] = {}
    for item, arm in enumerate(identities.classes_by_label["arm"]):
        by_arm.setdefault(int(arm), []).append(item)
    longest = max(map(len, by_arm.values()))
    return [items[turn] for turn in range(longest) for items in by_arm.values() if turn < len(items)]


def _aids_in_order(order: Callable[[Identities], Sequence[int]]) -> Plant:
    """Write the rows of aids anew, in another order."""

    def plant(connection: Connection, attacked: AttackedRound) -> None:
        content = _stored_aids(connection)
        connection.execute(text("DELETE FROM aids"))
        for item in order(attacked.identities):
            code = attacked.identities.codes[item]
            _execute(
                connection,
                "INSERT INTO aids (round_id, item, content) VALUES (:round, :code, :content)",
                round=attacked.round_id,
                code=code,
                content=content[code],
            )

    return plant


def _aids_with(change_aids: Callable[[str, int], str], label: str) -> Plant:
    """Replace the aids of each item by what `change_aids` makes of them and of the item's class."""

    def plant(connection: Connection, attacked: AttackedRound) -> None:
        stored = _stored_aids(connection)
        for code, value in zip(attacked.identities.codes, attacked.identities.classes_by_label[label], strict=True):
            aids = change_aids(stored[code], int(value))
            _execute(connection, "UPDATE aids SET content = :aids WHERE item = :code", aids=aids, code=code)

    return plant


def _plain_aids(connection: Connection, attacked: AttackedRound) -> None:
    """Store aids as version 0.1 did: an item and its repeat have one histogram."""
    neurons = _neuron_numbers(attacked.identities)
    for code, neuron in zip(attacked.identities.codes, neurons, strict=True):
        aids = f'{{"lowest": {-neuron * 7 % 13 - neuron / 100}, "histogram": [{neuron % 5}, {neuron % 7}]}}'
        _execute(connection, "UPDATE aids SET content = :aids WHERE item = :code", aids=aids, code=code)


def _unpadded_aids(connection: Connection, attacked: AttackedRound) -> None:
    """Encrypt aids without padding: an item and its repeat have one length."""
    neurons = _neuron_numbers(attacked.identities)
    for code, neuron in zip(attacked.identities.codes, neurons, strict=True):
        noise = bytes.fromhex(sha256(code.encode())) * 40
        aids = "aes256gcm:" + base64.b64encode(noise[: 900 + neuron * 37 % 211]).decode()
        _execute(connection, "UPDATE aids SET content = :aids WHERE item = :code", aids=aids, code=code)


def _neuron_numbers(identities: Identities) -> list[int]:
    """A number for each item; an item and its repeat have the same."""
    numbers = list(range(len(identities.codes)))
    for original, repeat in identities.repeat_pairs:
        numbers[int(repeat)] = int(original)
    return numbers


def _column(
    name: str,
    make_value: Callable[[AttackedRound, int], object],
    sql_type: str = "TEXT",
    table_name: str = "items",
) -> Plant:
    """Add a column to a table of items."""
    item_column = "code" if table_name == "items" else "item"

    def plant(connection: Connection, attacked: AttackedRound) -> None:
        connection.execute(text(f"ALTER TABLE {table_name} ADD COLUMN {name} {sql_type}"))
        for item, code in enumerate(attacked.identities.codes):
            _execute(
                connection,
                f"UPDATE {table_name} SET {name} = :value WHERE {item_column} = :code",
                value=make_value(attacked, item),
                code=code,
            )

    return plant


def _class(attacked: AttackedRound, label: str, item_index: int) -> int:
    return int(attacked.identities.classes_by_label[label][item_index])


def _distances_as_json(attacked: AttackedRound, item_index: int) -> str:
    """Distances as version 0.1 stored them: 30 from a repeat, 10 from others."""
    codes = attacked.identities.codes
    apart = {codes[(item_index + step) % len(codes)]: 10 for step in (1, 3, 7)}
    for original, repeat in attacked.identities.repeat_pairs:
        if item_index in (original, repeat):
            apart[codes[int(repeat if item_index == original else original)]] = 30
    return "{" + ", ".join(f'"{code}": {distance}' for code, distance in sorted(apart.items())) + "}"


def _table_of_distances(connection: Connection, attacked: AttackedRound) -> None:
    """A table of distances between items, with another value for repeats."""
    codes = attacked.identities.codes
    links = {(int(original), int(repeat)) for original, repeat in attacked.identities.repeat_pairs}
    pairs = {(item, (item + step) % len(codes)): 10 for item in range(len(codes)) for step in (1, 3, 7)}
    pairs |= dict.fromkeys(links, 30)
    connection.execute(text("CREATE TABLE distances (item TEXT, neighbour TEXT, distance INTEGER)"))
    for (item, neighbour), distance in sorted(pairs.items()):
        insert = "INSERT INTO distances VALUES (:item, :neighbour, :distance)"
        _execute(connection, insert, item=codes[item], neighbour=codes[neighbour], distance=distance)


def _event_with(make_detail: Callable[[Identities], str]) -> Plant:
    """A log entry whose details say more than they should."""

    def plant(connection: Connection, attacked: AttackedRound) -> None:
        update = "UPDATE events SET detail = :detail WHERE action = 'sealed'"
        _execute(connection, update, detail=make_detail(attacked.identities))

    return plant


def _arms_by_code(identities: Identities) -> str:
    pairs = zip(identities.codes, identities.classes_by_label["arm"], strict=True)
    return "{" + ", ".join(f'"{code}": "arm {arm}"' for code, arm in pairs) + "}"


def _codes_by_stratum(identities: Identities) -> str:
    listed = ", ".join(f'"{identities.codes[item]}"' for item in items_by(identities, "stratum"))
    return f'{{"drawn": [{listed}]}}'


def _practice_answers(connection: Connection, attacked: AttackedRound) -> None:
    """The public design lists the controls beside the practice items."""
    controls = [
        code
        for code, is_control in zip(
            attacked.identities.codes, attacked.identities.classes_by_label["control"], strict=True
        )
        if is_control
    ]
    listed = ", ".join(f'"{code}"' for code in controls)
    update = "UPDATE rounds SET public_design = :design"
    _execute(connection, update, design=f'{{"planted": [{listed}]}}')


def _arms_in_turn(connection: Connection, attacked: AttackedRound) -> None:
    """Balance arms within an evaluator's order."""
    evaluator = connection.execute(text("SELECT id FROM evaluators ORDER BY id")).scalars().first()
    for position, item in enumerate(interleaved_arms(attacked.identities)):
        update = "UPDATE assignments SET position = :position WHERE evaluator_id = :evaluator AND item = :code"
        code = attacked.identities.codes[item]
        _execute(connection, update, position=1000 + position, evaluator=evaluator, code=code)


def _file_of_controls(_connection: Connection, attacked: AttackedRound) -> None:
    """A file beside the database that lists the items in the order of the allocation."""
    codes = [attacked.identities.codes[item] for item in items_by(attacked.identities, "control", "arm")]
    (attacked.data / "seal.log").write_text("\n".join(codes))


def _sizes_of_files(_connection: Connection, attacked: AttackedRound) -> None:
    """A cache of pages with a file for each item, whose size goes with the arm."""
    folder = attacked.data / "cache"
    folder.mkdir()
    for code, arm in zip(attacked.identities.codes, attacked.identities.classes_by_label["arm"], strict=True):
        (folder / code).write_bytes(b"x" * (100 + int(arm)))


def _stored_aids(connection: Connection) -> dict[str, str]:
    rows = connection.execute(text("SELECT item, content FROM aids"))
    return {str(item): str(content) for item, content in rows}


def _execute(connection: Connection, sql: str, **parameters: object) -> None:
    connection.execute(text(sql), parameters)


def _started_later(attacked: AttackedRound, item_index: int) -> str:
    position = items_by(attacked.identities, "arm", "stratum").index(item_index)
    return (START + timedelta(milliseconds=position)).isoformat()


PLANTED_LEAKS: dict[str, PlantedLeak] = {
    "aids in the order of the allocation": PlantedLeak(
        _aids_in_order(lambda identities: items_by(identities, "arm", "stratum")), "arm", "aids: order of rows"
    ),
    "aids by stratum": PlantedLeak(
        _aids_in_order(lambda identities: items_by(identities, "stratum")), "stratum", "aids: order of rows"
    ),
    "aids with controls at the end": PlantedLeak(
        _aids_in_order(lambda identities: items_by(identities, "control")), "control", "aids: order of rows"
    ),
    "aids with repeats after all others": PlantedLeak(
        _aids_in_order(lambda identities: items_by(identities, "repeat")), "repeat", "aids: order of rows"
    ),
    "aids with arms in turn": PlantedLeak(_aids_in_order(interleaved_arms), "arm", "aids: order of rows"),
    "aids as they are": PlantedLeak(_plain_aids, "repeat", "aids.content"),
    "aids encrypted without padding": PlantedLeak(_unpadded_aids, "repeat", "aids.content"),
    "aids one byte longer for an arm": PlantedLeak(
        _aids_with(lambda stored, arm: stored + "=" * (arm == 1), "arm"), "arm", "aids.content"
    ),
    "aids under another cipher for controls": PlantedLeak(
        _aids_with(lambda stored, control: ("none:" if control else "") + stored, "control"), "control", "aids.content"
    ),
    "distances as JSON": PlantedLeak(_column("apart", _distances_as_json), "repeat", "items.apart"),
    "a table of distances": PlantedLeak(_table_of_distances, "repeat", "distances"),
    "a length that goes with the arm": PlantedLeak(
        _column("note", lambda attacked, item: "x" * (3 + _class(attacked, "arm", item))), "arm", "items.note"
    ),
    "a value that goes with the stratum": PlantedLeak(
        _column("width", lambda attacked, item: 512 + 512 * _class(attacked, "stratum", item), "INTEGER"),
        "stratum",
        "items.width",
    ),
    "a value that nearly goes with the arm": PlantedLeak(
        _column("shade", lambda attacked, item: 10 * _class(attacked, "arm", item) + item % 11, "INTEGER"),
        "arm",
        "items.shade",
    ),
    "null for controls": PlantedLeak(
        _column(
            "neuron", lambda attacked, item: None if _class(attacked, "control", item) else sha256(str(item).encode())
        ),
        "control",
        "items.neuron",
    ),
    "null but for repeats": PlantedLeak(
        _column("origin", lambda attacked, item: "yes" if _class(attacked, "repeat", item) == 2 else None),
        "repeat",
        "items.origin",
    ),
    "one number for an item and its repeat": PlantedLeak(
        _column("neuron", lambda attacked, item: sha256(str(_neuron_numbers(attacked.identities)[item]).encode())),
        "repeat",
        "items.neuron",
    ),
    "times of making in the order of the allocation": PlantedLeak(
        _column("made_at", _started_later), "arm", "items.made_at"
    ),
    "arms in the log": PlantedLeak(_event_with(_arms_by_code), "arm", "events.detail"),
    "codes by stratum in the log": PlantedLeak(_event_with(_codes_by_stratum), "stratum", "events.detail"),
    "controls in the public design": PlantedLeak(_practice_answers, "control", "rounds.public_design"),
    "an order in which arms take turns": PlantedLeak(_arms_in_turn, "arm", "assignments"),
    "a time shown for one arm only": PlantedLeak(
        _column(
            "opened_at",
            lambda attacked, item: "2026-01-05" if _class(attacked, "arm", item) == 0 else None,
            table_name="assignments",
        ),
        "arm",
        "assignments.opened_at",
    ),
    "a list beside the database": PlantedLeak(_file_of_controls, "control", "file seal.log"),
    "files whose sizes go with the arm": PlantedLeak(_sizes_of_files, "arm", "files beside"),
}
"""{what was planted: the leak}, on either kind of database."""


def with_codes_in_order(attacked: AttackedRound) -> AttackedRound:
    """The round as if codes had been given to items in the order of the allocation."""
    order = items_by(attacked.identities, "arm", "stratum")
    return replace(attacked, identities=attacked.identities.reordered(order))


def planted_places(alarms: Iterable[Alarm], leak: PlantedLeak) -> list[str]:
    """The places of alarms that name the planted leak and what it tells."""
    return [alarm.place for alarm in alarms if alarm.label == leak.label and leak.place in alarm.place]
