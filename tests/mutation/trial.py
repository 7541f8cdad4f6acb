"""One mutant tried: in a process of its own, by the tests that reach it, until the first of them fails."""

import ast
import gc
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from functools import cache
from types import CodeType, FunctionType, ModuleType

import pytest
from _pytest.runner import runtestprotocol

from tests.mutation.sites import Mutant, assigned

MEMORY = 4 << 30  # bytes of address space: a mutant that never ends must not take the machine along
SURVIVED, KILLED, TIMED_OUT = "survived", "killed", "timed out"
PLANTED = b"\0"  # what a child says before it runs the tests: a mutant that could not be planted was not killed


def fails(item: pytest.Item) -> bool:
    """Run one test; an expected failure that does not come fails too."""
    return any(report.outcome == "failed" for report in runtestprotocol(item, log=False, nextitem=None))


def apart(work: Callable[[], int], seconds: float) -> int | None:
    """The exit code of work done in a copy of this process, silently; None when it took too long."""
    child = os.fork()
    if not child:
        code = 70
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
            code = work()
        finally:
            os._exit(code)
    deadline = time.monotonic() + seconds
    wait = 0.002
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(wait)
        wait = min(wait * 1.5, 0.1)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def trial(mutant: Mutant, tree: ast.Module, module: ModuleType, items: list[pytest.Item], seconds: float) -> tuple[str, str]:
    """How a mutant fares, and the test that killed it."""
    functions(module)  # found before the fork: a child that looks at every object copies all of memory
    reader, writer = os.pipe()

    def work() -> int:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        mutant.apply()
        plant(mutant, tree, module)
        os.write(writer, PLANTED)
        for item in items:
            if fails(item):
                os.write(writer, item.nodeid.encode())
                return 1
        return 0

    code = apart(work, seconds)
    os.close(writer)
    with os.fdopen(reader, "rb") as said:
        planted, killer = (text := said.read())[:1] == PLANTED, text[1:].decode()
    assert planted or code is None or not isinstance(mutant.root, ast.FunctionDef), f"{mutant.name} could not be planted"
    return (SURVIVED, "") if code == 0 else (TIMED_OUT, "") if code is None else (KILLED, killer or f"exit code {code}")


def plant(mutant: Mutant, tree: ast.Module, module: ModuleType) -> None:
    """Put the changed code into the modules as they are loaded: whoever imported a function or a constant has the mutant."""
    if isinstance(mutant.root, ast.FunctionDef | ast.AsyncFunctionDef):
        _function(mutant.function, mutant.root, tree, module)
        return
    was = dict(vars(module))
    planted: set[str] = set()
    for statement in tree.body[tree.body.index(mutant.root) :]:
        if statement is mutant.root or (isinstance(statement, ast.Assign | ast.AnnAssign) and planted & _read(statement)):
            exec(compile(ast.Module([statement], []), module.__file__ or "", "exec"), vars(module))  # noqa: S102
            planted.add(assigned(statement))
    for name, other in list(sys.modules.items()):
        for constant in planted if name.startswith("lodestream.") else ():
            if constant in vars(other) and vars(other)[constant] is was[constant]:
                setattr(other, constant, vars(module)[constant])


def _read(statement: ast.stmt) -> set[str]:
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def _function(name: str, node: ast.FunctionDef | ast.AsyncFunctionDef, tree: ast.Module, module: ModuleType) -> None:
    code = _codes(compile(tree, module.__file__ or "", "exec"))[name]
    if functions(module)[name][0].__code__.co_freevars and not code.co_freevars:  # the mutant is without `super()`
        node.body.append(ast.fix_missing_locations(ast.copy_location(ast.Expr(ast.Name("__class__", ast.Load())), node.body[-1])))
        code = _codes(compile(tree, module.__file__ or "", "exec"))[name]
    for function in functions(module)[name]:
        function.__code__ = code
        if node.args.defaults:
            function.__defaults__ = tuple(_value(one, module) for one in node.args.defaults)
        if function.__kwdefaults__:
            pairs = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            function.__kwdefaults__ = {arg.arg: _value(one, module) for arg, one in pairs if one is not None}


@cache
def functions(module: ModuleType) -> dict[str, list[FunctionType]]:
    """The functions of a module by qualified name, wherever they are held."""
    found: dict[str, list[FunctionType]] = {}
    gc.unfreeze()
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__module__ == module.__name__:
            found.setdefault(one.__code__.co_qualname, []).append(one)
    gc.freeze()  # a collection in a child would copy all that is here already
    return found


def _value(node: ast.expr, module: ModuleType) -> object:
    return eval(compile(ast.Expression(node), "", "eval"), vars(module))  # noqa: S307


def _codes(code: CodeType) -> dict[str, CodeType]:
    found = {one.co_qualname: one for one in code.co_consts if isinstance(one, CodeType)}
    for one in list(found.values()):
        found |= (
            {inner.co_qualname: inner for inner in one.co_consts if isinstance(inner, CodeType)} if one.co_name in found else {}
        )
    return found
