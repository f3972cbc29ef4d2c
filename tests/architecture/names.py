"""What the code calls things, measured: words that say nothing, names with many types, classes and aliases used twice.

Run it to see where a package stands: python -m tests.architecture.names app/rounds
"""

import ast
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
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
UNIONS = frozenset({"Optional", "Union"})
Sources = Mapping[str, ast.Module]


def read_sources(root: Path, folders: Iterable[str] = ("app", "firstglance", "bench")) -> dict[str, ast.Module]:
    """{path within `root`: its syntax tree} of every Python file below the folders."""
    paths = sorted(path for folder in folders for path in (root / folder).rglob("*.py"))
    return {path.relative_to(root).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def bindings(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """(name, line) of all that gets a name: assignments, loop variables, parameters, functions, aliases, and so on."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name, node.lineno
            case ast.arg(arg=name):
                yield name, node.lineno
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name, node.lineno
            case ast.MatchMapping(rest=str(name)):
                yield name, node.lineno
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, node.lineno
            case ast.alias(asname=str(name)):
                yield name, node.lineno


def empty_words(sources: Sources) -> list[str]:
    """Where a binding is called by a word that says nothing: "path:line name"."""
    words = FILLERS | SYNONYMS
    return [
        f"{path}:{line} {name}"
        for path, tree in sources.items()
        for name, line in bindings(tree)
        if name.strip("_").lower() in words
    ]


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
    return {name: sorted(type_names) for name, type_names in sorted(types.items()) if len(type_names) > MOST_TYPES}


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
    if name == "Literal":
        return ast.unparse(annotation)
    if name in WRAPPERS:
        return type_of(parts[0])
    if name in UNIONS:
        return " | ".join(sorted({type_of(part) for part in parts} - {"None"}))
    endless = name == "tuple" and isinstance(parts[-1], ast.Constant) and parts[-1].value is Ellipsis
    if name in SEQUENCES or endless:
        return f"many {type_of(parts[0])}"
    return f"{'dict' if name in MAPPINGS else name}[{', '.join(type_of(part) for part in parts)}]"


def classes_defined_twice(sources: Sources) -> dict[str, list[str]]:
    """{class name: the files that define it} of names that stand for more than one class."""
    paths_of_class: dict[str, list[str]] = defaultdict(list)
    for path, tree in sources.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                paths_of_class[node.name].append(path)
    return {name: paths for name, paths in sorted(paths_of_class.items()) if len(paths) > 1}


def aliases_of_two_modules(sources: Sources) -> dict[str, list[str]]:
    """{name: the modules that it is bound to by imports in one file or another}, for names of more than one."""
    modules = {path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in sources}
    bound: dict[str, set[str]] = defaultdict(set)
    for tree in sources.values():
        for name, module in imported(tree):
            if module in modules:
                bound[name].add(module)
    return {name: sorted(module_names) for name, module_names in sorted(bound.items()) if len(module_names) > 1}


def imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(name, what it is bound to) of every import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.asname, alias.name) for alias in node.names if alias.asname)


def open_types(sources: Sources) -> list[str]:
    """Where a type is left open: "path:line".

    A container, a `**` parameter or a field of a TypedDict is annotated with `object`, which is `Any` by another name,
    or a call takes its arguments from all fields of another object, which no type checker compares. What is about to
    be validated may be an `object` by itself.
    """
    return [f"{path}:{line}" for path, tree in sources.items() for line in sorted(set(_lines_of_open_types(tree)))]


def _lines_of_open_types(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        for annotation in _types_said_by(node):
            yield from _open_containers(annotation)
        match node:
            case ast.arguments(kwarg=ast.arg(annotation=ast.Name(id="object")) as parameter):
                yield parameter.lineno
            case ast.ClassDef(bases=bases) if any(_name_of(base) == "TypedDict" for base in bases):
                yield from (field.lineno for field in node.body if _is_open_field(field))
            case ast.Call(keywords=keywords):
                yield from (node.lineno for keyword in keywords if _spreads_an_instance(keyword))


def _types_said_by(node: ast.AST) -> list[ast.expr]:
    """The annotation of a parameter, variable or result; the type of an alias; the bases of a class."""
    match node:
        case ast.arg(annotation=ast.expr() as annotation) | ast.AnnAssign(annotation=annotation):
            return [annotation]
        case ast.FunctionDef(returns=ast.expr() as annotation) | ast.AsyncFunctionDef(returns=ast.expr() as annotation):
            return [annotation]
        case ast.Assign(value=ast.Subscript() | ast.BinOp() | ast.Call() as annotation):
            return [annotation]
        case ast.ClassDef(bases=bases):
            return bases
    return []


def _open_containers(annotation: ast.expr) -> Iterator[int]:
    """The line of every `object` that a container holds, in an annotation and in the strings that stand for types."""
    for node in ast.walk(annotation):
        if isinstance(node, ast.Subscript) and any(_name_of(part) == "object" for part in ast.walk(node.slice)):
            yield node.lineno
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            with suppress(SyntaxError, ValueError):  # text that is no type
                yield from (annotation.lineno for _ in _open_containers(ast.parse(node.value, mode="eval").body))


def _is_open_field(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.AnnAssign) and _name_of(statement.annotation) == "object"


def _name_of(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _spreads_an_instance(keyword: ast.keyword) -> bool:
    """Whether a keyword argument is `**vars(instance)`, `**asdict(instance)` or `**instance.__dict__`."""
    match keyword:
        case ast.keyword(arg=None, value=ast.Call(func=ast.Name(id="vars" | "asdict"))):
            return True
        case ast.keyword(arg=None, value=ast.Attribute(attr="__dict__")):
            return True
    return False


def main(folders: list[str]) -> None:
    """Print what stands in the way, for the files below `folders`; types and classes are those of the whole tree."""
    all_sources = read_sources(Path())
    sources = {path: tree for path, tree in all_sources.items() if path.startswith(tuple(folders))}
    counts = Counter(line.rpartition(" ")[2] for line in empty_words(sources))
    print(f"empty words: {share_of_empty_words(sources):.1f} of 1,000; {dict(counts.most_common())}")
    print("\n".join(empty_words(sources)))
    local = {name for tree in sources.values() for name, _ in bindings(tree)}
    for name, types in names_of_many_types(all_sources).items():
        if name in local:
            print(f"{name} is annotated with {len(types)} types: {'; '.join(types)}")
    for name, paths in classes_defined_twice(all_sources).items():
        print(f"class {name} is defined in {', '.join(paths)}")
    for name, modules in aliases_of_two_modules(all_sources).items():
        print(f"{name} names {', '.join(modules)}")
    print("open types:", *open_types(sources), sep="\n  ")


if __name__ == "__main__":
    main(sys.argv[1:] or ["app", "firstglance", "bench"])
