"""From the text of a YAML file to its values, each with the line and the key path where it stands."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from models.directory.cell import Unreadable
from models.directory.fault import Fault, Severity, quoted, suggestion

T = TypeVar("T")
_EMPTY = frozenset({"", "~", "null"})


@dataclass(frozen=True)
class Block:
    """A mapping of a YAML file, read key by key. Values are read from the text as written: 08:00 stays 08:00.

    Example: block.value("most_hand_backs", whole_number(0)) -> 3, or None with a fault where it cannot be read.
    """

    file: str
    path: str
    line: int
    nodes: dict[str, Node]
    faults: list[Fault]

    def has(self, key: str) -> bool:
        """Whether the key stands here with a value."""
        node = self.nodes.get(key)
        return node is not None and not (isinstance(node, ScalarNode) and node.value in _EMPTY and node.style is None)

    def needs(self, *keys: str) -> bool:
        """Whether all these keys are given; a fault for each that is not."""
        missing = [key for key in keys if not self.has(key)]
        for key in missing:
            self.faults.append(
                Fault(self.file, self.line, self.path_of(key), "", "the key is missing.", f"Add {key}: with its value.")
            )
        return not missing

    def value(self, key: str, read: Callable[[str], T]) -> T | None:
        """What one value means, or None where it is not given or cannot be read."""
        if not self.has(key):
            return None
        return self._read(self.path_of(key), self.nodes[key], read)

    def values(self, key: str, read: Callable[[str], T]) -> tuple[T, ...]:
        """What the values of a list mean; those that cannot be read are left out."""
        found = [self._read(self.path_of(key), node, read) for node in self._items(key)]
        return tuple(value for value in found if value is not None)

    def pairs(self, key: str, read: Callable[[str], T]) -> tuple[tuple[T, T], ...]:
        """What a list of pairs means. Example: `[["08:00", "12:00"], ["14:00", "18:00"]]`."""
        pairs = []
        for node in self._items(key):
            if not isinstance(node, SequenceNode) or len(node.value) != 2:
                self.fault(key, "", "here should stand a pair.", 'Write it as ["08:00", "12:00"].', node)
                continue
            first, second = (self._read(self.path_of(key), item, read) for item in node.value)
            if first is not None and second is not None:
                pairs.append((first, second))
        return tuple(pairs)

    def block(self, key: str, keys: Collection[str]) -> "Block | None":
        """The mapping under a key, which may hold these keys."""
        return mapping(self.file, self.path_of(key), self.nodes[key], keys, self.faults) if self.has(key) else None

    def blocks(self, key: str, keys: Collection[str]) -> tuple["Block", ...]:
        """The mappings of a list, each of which may hold these keys."""
        found = [
            mapping(self.file, f"{self.path_of(key)}[{number}]", node, keys, self.faults)
            for number, node in enumerate(self._items(key), 1)
        ]
        return tuple(block for block in found if block is not None)

    def fault(
        self,
        key: str,
        found: str,
        problem: str,
        remedy: str,
        node: Node | None = None,
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Note a fault at a key, or at a value below it."""
        at = node or self.nodes.get(key)
        line = _line(at) if at is not None else self.line
        self.faults.append(Fault(self.file, line, self.path_of(key), found, problem, remedy, severity))

    def line_of(self, key: str) -> int:
        """The line where the value of a key begins; where it is not given, the block's."""
        node = self.nodes.get(key)
        return self.line if node is None else _line(node)

    def path_of(self, key: str) -> str:
        """The key path of a key from the top of the file. Example: `items[2].formula`."""
        return f"{self.path}.{key}" if self.path else key

    def free(self, key: str) -> "Block | None":
        """The mapping under a key whose own keys are the file's words."""
        return mapping(self.file, self.path_of(key), self.nodes[key], None, self.faults) if self.has(key) else None

    def _items(self, key: str) -> list[Node]:
        if not self.has(key):
            return []
        node = self.nodes[key]
        if isinstance(node, SequenceNode):
            return list(node.value)
        self.fault(key, "", "here should stand a list.", "Write it as [first, second], or one line each with a dash.")
        return []

    def _read(self, path: str, node: Node, read: Callable[[str], T]) -> T | None:
        if not isinstance(node, ScalarNode):
            remedy = "Write it behind the key on one line."
            self.faults.append(Fault(self.file, _line(node), path, "", "here should stand one value.", remedy))
            return None
        try:
            return read(node.value.strip())
        except Unreadable as error:
            found = "" if error.secret else node.value
            self.faults.append(Fault(self.file, _line(node), path, found, error.problem, error.remedy))
            return None


def read_yaml(file: str, content: str, keys: Collection[str] | None, faults: list[Fault]) -> Block | None:
    """The uppermost mapping of a file; None where it cannot be parsed. `keys` None: any key is known."""
    try:
        node = yaml.compose(content, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        faults.append(_unparsable(file, error.problem_mark or error.context_mark, error.problem or "no YAML"))
        return None
    except yaml.YAMLError as error:
        faults.append(_unparsable(file, None, str(error).split("\n")[0]))
        return None
    except RecursionError:
        faults.append(_unparsable(file, None, "brackets or lists are nested too deeply"))
        return None
    if node is None:
        faults.append(Fault(file, None, None, "", "the file is empty.", f"Its keys are {', '.join(keys or ['free'])}."))
        return None
    return mapping(file, "", node, keys, faults)


def mapping(file: str, path: str, node: Node, keys: Collection[str] | None, faults: list[Fault]) -> Block | None:
    """A node as a mapping with known keys, each given once."""
    if not isinstance(node, MappingNode):
        remedy = f"Write key: value lines; keys are {', '.join(keys)}." if keys else "Write key: value lines."
        faults.append(Fault(file, _line(node), path or None, "", "here should stand keys with values.", remedy))
        return None
    nodes: dict[str, Node] = {}
    for key_node, value in node.value:
        key = str(key_node.value) if isinstance(key_node, ScalarNode) else ""
        where = f"{path}.{key}" if path else key
        if keys is not None and key not in keys:
            remedy = f"{suggestion(key, keys)} Rename or delete it."
            faults.append(Fault(file, _line(key_node), where, key, f"there is no key {quoted(key)} here.", remedy))
        elif key in nodes:
            faults.append(Fault(file, _line(key_node), where, key, "the key stands here twice.", "Keep one of them."))
        else:
            nodes[key] = value
    return Block(file, path, _line(node), nodes, faults)


def flat(content: str) -> dict[str, str]:
    """Every value of a YAML text by its key path, in order; for comparing two editions of a file."""
    try:
        node = yaml.compose(content, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return {"": content}
    return dict(_leaves("", node)) if node is not None else {}


def _leaves(path: str, node: Any) -> Iterable[tuple[str, str]]:
    if isinstance(node, MappingNode):
        for key, value in node.value:
            yield from _leaves(f"{path}.{key.value}" if path else str(key.value), value)
    elif isinstance(node, SequenceNode) and not all(isinstance(item, ScalarNode) for item in node.value):
        for number, item in enumerate(node.value, 1):
            yield from _leaves(f"{path}[{_code_of(item) or number}]", item)
    elif isinstance(node, SequenceNode):
        yield path, ", ".join(item.value for item in node.value)
    else:
        yield path, node.value


def _code_of(node: Any) -> str:
    """The code a list's item goes by, so that it is compared with itself also where the order changed."""
    values = node.value if isinstance(node, MappingNode) else []
    return next((str(value.value) for key, value in values if key.value == "code"), "")


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _unparsable(file: str, mark: Any, problem: str) -> Fault:
    row, column = (mark.line + 1, str(mark.column + 1)) if mark is not None else (None, None)
    remedy = "Check the indentation (spaces, no tabs), the colons and the brackets of this line and the one above."
    return Fault(file, row, column, "", f"the file cannot be read as YAML: {problem}.", remedy)
