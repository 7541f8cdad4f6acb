"""Where a module can be wrong: every small change of its syntax tree that a test ought to notice.

Changed are operators, comparisons, conditions, constants, signs, defaults, codes, parts of ids, and statements whose only
effect is a call. Left alone are sentences for people, annotations, docstrings and assertions: a ledger that is right never
trips over an assertion, so nothing can tell a weaker one.
"""

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

COMPARISONS: dict[type[ast.cmpop], list[type[ast.cmpop]]] = {
    ast.Lt: [ast.LtE, ast.GtE], ast.LtE: [ast.Lt, ast.Gt], ast.Gt: [ast.GtE, ast.LtE], ast.GtE: [ast.Gt, ast.Lt],
    ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq], ast.In: [ast.NotIn], ast.NotIn: [ast.In], ast.Is: [ast.IsNot], ast.IsNot: [ast.Is],
}  # fmt: skip
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.Div: ast.Mult,
}  # fmt: skip
CALLS = {"any": "all", "all": "any", "sorted": "list"}
WORDS = 3  # a text of more words than this is a sentence for people
JOINTS = {", ", "; "}  # between the parts of one
MEANT = 24  # letters that tell a reader which place is meant
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Mutant:
    """One change: `function` of the module, or a name of it, `text` says what became what; `apply` makes it in the tree."""

    function: str
    text: str
    lines: range
    apply: Callable[[], None]
    root: ast.stmt

    @property
    def name(self) -> str:
        """How results and docs/mutation.md name it."""
        return f"{self.function}: {self.text}"


@dataclass
class Slot:
    """A place of the tree that holds a node: a field of its parent, or one of a list in it."""

    parent: ast.AST
    field: str
    index: int | None

    def put(self, node: Any) -> None:
        """Set another node there."""
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


def mutants(tree: ast.Module) -> list[Mutant]:
    """Every mutant of a module, in the order of its text; two of the same name are numbered."""
    found: list[Mutant] = []
    for statement in tree.body:
        if isinstance(statement, Function):
            found += _of(statement, statement.name, statement)
        elif isinstance(statement, ast.ClassDef):
            for inner in statement.body:
                if isinstance(inner, Function):
                    found += _of(inner, f"{statement.name}.{inner.name}", inner)
        elif isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            found += _of(statement, assigned(statement), statement)
    seen: Counter[str] = Counter()
    for one in found:
        seen[one.name] += 1
        if seen[one.name] > 1:
            one.text += f" (place {seen[one.name]})"
    return found


def assigned(statement: ast.Assign | ast.AnnAssign) -> str:
    """The name that a constant has."""
    return ast.unparse(statement.targets[0] if isinstance(statement, ast.Assign) else statement.target)


def _of(root: ast.stmt, name: str, within: ast.stmt) -> Iterator[Mutant]:
    for slot, node, above in _walk(root, [within]):
        for new in _changes(node, slot.parent):
            yield _mutant(root, name, slot, node, new, above)


def _mutant(root: ast.stmt, name: str, slot: Slot, node: ast.AST, new: ast.AST, above: list[ast.AST]) -> Mutant:
    ast.copy_location(new, node)
    ast.fix_missing_locations(new)
    shown = next((n for n in [node, *reversed(above)] if isinstance(n, ast.stmt) or len(_head(n)) >= MEANT), root)
    statement = next((n for n in [node, *reversed(above)] if isinstance(n, ast.stmt)), root)
    last = (
        statement.body[0].lineno - 1 if isinstance(statement, ast.If | ast.For | ast.While | Function) else statement.end_lineno
    )
    old = _head(shown)
    slot.put(new)
    text = f"{old} -> {_head(new if shown is node else shown)}"
    slot.put(node)
    return Mutant(name, text, range(statement.lineno, max(last or 0, statement.lineno) + 1), lambda: slot.put(new), root)


def _head(node: ast.AST) -> str:
    """The text of a node on one line; of a statement that holds others, its first."""
    text = ast.unparse(node)
    return (text.split("\n")[0] if isinstance(node, ast.stmt) else " ".join(text.split())).strip()


def _walk(node: ast.AST, above: list[ast.AST]) -> Iterator[tuple[Slot, ast.AST, list[ast.AST]]]:
    """The nodes under one with where they stand, outermost first, without what is left alone."""
    for field, value in ast.iter_fields(node):
        if field in {"annotation", "returns", "decorator_list", "ctx", "type_params"}:
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(child, ast.AST) or isinstance(child, ast.Assert) or _said(child) or _docstring(child):
                continue
            yield Slot(node, field, index), child, above
            if not isinstance(child, ast.JoinedStr):
                yield from _walk(child, [*above, child])


def _docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _said(node: ast.AST) -> bool:
    """Whether a text is a sentence for people."""
    if isinstance(node, ast.JoinedStr):
        texts = [part.value for part in node.values if isinstance(part, ast.Constant)]
        return sum(letter.isalpha() for text in texts for letter in str(text)) > MEANT / 2
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and (len(node.value.split()) > WORDS or node.value in JOINTS)
    )


def _changes(node: ast.AST, parent: ast.AST) -> Iterator[ast.AST]:
    """What may stand in a node's place, each one mistake away."""
    yield from _operators(node)
    if isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
    elif isinstance(node, ast.Constant):
        yield from _constants(node.value)
    elif isinstance(node, ast.Call):
        yield from _calls(node)
    yield from _shorter(node, parent)
    yield from _statements(node)
    yield from _conditions(node, parent)


def _operators(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        for n, op in enumerate(node.ops):
            for other in COMPARISONS[type(op)]:
                yield ast.Compare(node.left, [*node.ops[:n], other(), *node.ops[n + 1 :]], node.comparators)
    elif isinstance(node, ast.BoolOp):
        for n in range(len(node.values)):
            rest = node.values[:n] + node.values[n + 1 :]
            yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
    elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        yield ast.BinOp(node.left, OPERATORS[type(node.op)](), node.right)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        yield node.operand


def _shorter(node: ast.AST, parent: ast.AST) -> Iterator[ast.AST]:
    """What an id is made of, without one of its parts."""
    if isinstance(node, ast.JoinedStr):
        for n, part in enumerate(node.values):
            if isinstance(part, ast.FormattedValue):
                yield ast.JoinedStr(node.values[:n] + node.values[n + 1 :])
    elif isinstance(node, ast.Tuple) and isinstance(parent, ast.Call | ast.Assign) and isinstance(node.ctx, ast.Load):
        for n in range(len(node.elts)) if len(node.elts) > 1 else ():
            yield ast.Tuple(node.elts[:n] + node.elts[n + 1 :], ast.Load())


def _constants(value: object) -> Iterator[ast.AST]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
        if value > 1:
            yield ast.Constant(value - 1)
    elif isinstance(value, str):
        yield ast.Constant(value + "~")


def _calls(node: ast.Call) -> Iterator[ast.AST]:
    called = node.func.id if isinstance(node.func, ast.Name) else ""
    if called in CALLS:
        yield ast.Call(ast.Name(CALLS[called], ast.Load()), node.args, [] if called == "sorted" else node.keywords)
    elif called in {"max", "min"} and len(node.args) > 1:
        yield from node.args


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield ast.Pass()
    elif isinstance(node, ast.AugAssign):
        yield ast.Pass()
        if type(node.op) in {ast.Add, ast.Sub}:
            yield ast.AugAssign(node.target, OPERATORS[type(node.op)](), node.value)
    elif isinstance(node, ast.Continue | ast.Raise | ast.Delete | ast.Break):
        yield ast.Pass()


def _conditions(node: ast.AST, parent: ast.AST) -> Iterator[ast.AST]:
    """A condition that is asked the other way round, or no longer asked."""
    if isinstance(parent, ast.comprehension) and isinstance(node, ast.expr) and node in parent.ifs:
        yield ast.Constant(True)
    elif isinstance(parent, ast.If | ast.While) and node is parent.test and not isinstance(node, ast.Compare | ast.UnaryOp):
        yield ast.UnaryOp(ast.Not(), node)
