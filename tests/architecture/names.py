"""What the code calls things, measured: words that say nothing, names with many types, classes and aliases used twice.

Run it to see where a package stands: python -m tests.architecture.names app/rounds
"""

import ast
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

FILLERS = frozenset((
    "one", "found", "place", "here", "given", "kept", "wanted", "laid_out", "taken", "said", "made", "chosen", "seen",
    "known", "held", "more", "other", "both", "each", "rest", "whole", "asked",
))  # fmt: skip
"""Words that a stranger learns nothing from."""
SYNONYMS = frozenset((
    "thing", "things", "stuff", "something", "it", "its", "this", "that", "these", "those", "them", "theirs", "what",
    "which", "who", "whom", "there", "got", "gone", "put", "told", "others", "everything", "everyone", "anyone",
    "whatever", "obj",
))  # fmt: skip
"""Words that would take their place."""
LARGEST_SHARE = 5
"""Of these words, in 1,000 bindings."""
MOST_TYPES = 3
"""That one name may be annotated with, over all of the code."""

SEQUENCES = frozenset({"Sequence", "list", "Iterable", "Collection", "Iterator", "Generator", "set", "frozenset"})
MAPPINGS = frozenset({"Mapping", "dict", "MutableMapping", "defaultdict"})
WRAPPERS = frozenset({"Annotated", "Mapped", "Final", "ClassVar"})
Sources = Mapping[str, ast.Module]


def read_sources(root: Path, folders: Iterable[str] = ("app", "bench")) -> dict[str, ast.Module]:
    """{path within `root`: its syntax tree} of every Python file below the folders."""
    paths = sorted(path for folder in folders for path in (root / folder).rglob("*.py"))
    return {path.relative_to(root).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def bindings(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """(name, line) of every assignment, loop variable and parameter."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno


def empty_words(sources: Sources) -> list[str]:
    """Where a binding is called by a word that says nothing: "path:line name"."""
    words = FILLERS | SYNONYMS
    return [f"{path}:{line} {name}" for path, tree in sources.items() for name, line in bindings(tree) if name in words]


def share_of_empty_words(sources: Sources) -> float:
    """How many of 1,000 bindings are called by a word that says nothing."""
    total = sum(1 for tree in sources.values() for _ in bindings(tree))
    return 1000 * len(empty_words(sources)) / max(1, total)


def names_of_many_types(sources: Sources) -> dict[str, list[str]]:
    """{name: its types} of every parameter, variable and field that is annotated with more types than it may be.

    An optional value is of the value's type; a list, tuple, set or iterable of a type is one type, whichever it is.
    """
    types: dict[str, set[str]] = defaultdict(set)
    for tree in sources.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.arg) and node.annotation is not None:
                types[node.arg].add(type_of(node.annotation))
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                types[node.target.id].add(type_of(node.annotation))
    return {name: sorted(found) for name, found in sorted(types.items()) if len(found) > MOST_TYPES}


def type_of(annotation: ast.expr) -> str:
    """An annotation in the form in which it is compared with others."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return type_of(ast.parse(annotation.value, mode="eval").body)
    if isinstance(annotation, ast.BinOp):
        sides = {type_of(side) for side in (annotation.left, annotation.right)} - {"None"}
        return " | ".join(sorted(sides))
    if not isinstance(annotation, ast.Subscript):
        return ast.unparse(annotation)
    parts = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
    name = ast.unparse(annotation.value).rpartition(".")[2]
    if name in WRAPPERS:
        return type_of(parts[0])
    endless = name == "tuple" and isinstance(parts[-1], ast.Constant) and parts[-1].value is Ellipsis
    if name in SEQUENCES or endless:
        return f"many {type_of(parts[0])}"
    return f"{'dict' if name in MAPPINGS else name}[{', '.join(type_of(part) for part in parts)}]"


def classes_defined_twice(sources: Sources) -> dict[str, list[str]]:
    """{class name: the files that define it} of names that stand for more than one class."""
    places: dict[str, list[str]] = defaultdict(list)
    for path, tree in sources.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(path)
    return {name: paths for name, paths in sorted(places.items()) if len(paths) > 1}


def aliases_of_two_modules(sources: Sources) -> dict[str, list[str]]:
    """{name: the modules that it is bound to by imports in one file or another}, for names of more than one."""
    modules = {path.removesuffix(".py").replace("/", ".") for path in sources}
    bound: dict[str, set[str]] = defaultdict(set)
    for tree in sources.values():
        for name, module in imported(tree):
            if module in modules:
                bound[name].add(module)
    return {name: sorted(found) for name, found in sorted(bound.items()) if len(found) > 1}


def imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(name, what it is bound to) of every import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.asname, alias.name) for alias in node.names if alias.asname)


def open_dictionaries(sources: Sources) -> list[str]:
    """Where a mapping from str to object is annotated, which is `Any` by another name: "path:line"."""
    return [
        f"{path}:{node.lineno}"
        for path, tree in sources.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        and ast.unparse(node.value).rpartition(".")[2] in MAPPINGS
        and type_of(node) == "dict[str, object]"
    ]


def main(folders: list[str]) -> None:
    """Print what stands in the way, for the files below `folders`; types and classes are those of the whole tree."""
    everything = read_sources(Path())
    sources = {path: tree for path, tree in everything.items() if path.startswith(tuple(folders))}
    counts = Counter(line.rpartition(" ")[2] for line in empty_words(sources))
    print(f"empty words: {share_of_empty_words(sources):.1f} of 1,000; {dict(counts.most_common())}")
    print("\n".join(empty_words(sources)))
    local = {name for tree in sources.values() for name, _ in bindings(tree)}
    for name, types in names_of_many_types(everything).items():
        if name in local:
            print(f"{name} is annotated with {len(types)} types: {'; '.join(types)}")
    for name, paths in classes_defined_twice(everything).items():
        print(f"class {name} is defined in {', '.join(paths)}")
    for name, modules in aliases_of_two_modules(everything).items():
        print(f"{name} names {', '.join(modules)}")
    print("open dictionaries:", *open_dictionaries(sources), sep="\n  ")


if __name__ == "__main__":
    main(sys.argv[1:] or ["app", "bench"])
