"""Makes the Python package from the compiled library, and the text of the exported surface.

    python3 generate.py <library> <stocksync-bindgen>            the package's generated part
    python3 generate.py <library> <stocksync-bindgen> --surface  the surface, on standard output

Owns the folder `src/stocksync/_generated`. Must never edit what was generated.
"""

from __future__ import annotations

import argparse
import ast
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORKSPACE = HERE.parents[1]
HEADER = """# What apps see, as Python has it; a change here is a change for apps. Made by
# python3 bindings/python/generate.py <library> <stocksync-bindgen> --surface > bindings/surface.txt
"""
#: Names that every generated module has; they are UniFFI's, not ours.
FOREIGN = ("InternalError",)
#: The same surface again, for mocks and for what the app implements.
TWINS = ("Protocol", "Impl")


def generate(library: Path, bindgen: Path, out: Path) -> Path:
    """Generates into `out` and answers the module's file."""
    command = [str(bindgen), "generate", str(library), "--language", "python", "--no-format", "--out-dir", str(out)]
    # What it tells goes to standard error: the surface goes to standard output.
    subprocess.run(command, check=True, cwd=WORKSPACE, stdout=sys.stderr)
    return out / "stocksync.py"


def package(library: Path, bindgen: Path) -> None:
    """Puts module and library where `stocksync` finds them."""
    folder = HERE / "src" / "stocksync" / "_generated"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text('"""Build products."""\n', encoding="utf-8")
    generate(library, bindgen, folder)
    shutil.copy2(library, folder / library.name)


def _signature(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    kind = "async " if isinstance(function, ast.AsyncFunctionDef) else ""
    returns = f" -> {ast.unparse(function.returns)}" if function.returns else ""
    arguments = ast.unparse(function.args).replace("self, ", "").replace("cls, ", "")
    arguments = "" if arguments in ("self", "cls") else arguments
    return f"{kind}{function.name}({arguments}){returns}"


def _fields(body: list[ast.stmt]) -> list[str]:
    found = [it for it in body if isinstance(it, ast.AnnAssign) and isinstance(it.target, ast.Name)]
    return [f"{it.target.id}: {ast.unparse(it.annotation)}" for it in found if not it.target.id.startswith("_")]


def _class(node: ast.ClassDef, indent: str) -> list[str]:
    lines = [f"{indent}{node.name}"]
    lines += [f"{indent}  {field}" for field in _fields(node.body)]
    for item in node.body:
        if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if item.name == "__init__" and len(item.args.args + item.args.kwonlyargs) > 1:
                lines.append(f"{indent}  new{_signature(item).removeprefix('__init__')}")
            elif not item.name.startswith(("_", "is_")):
                lines.append(f"{indent}  {_signature(item)}")
        elif isinstance(item, ast.ClassDef) and not item.name.startswith("_"):
            lines += _class(item, indent + "  ")
        elif isinstance(item, ast.Assign) and isinstance(item.targets[0], ast.Name) and item.targets[0].id.isupper():
            lines.append(f"{indent}  {item.targets[0].id}")
    return lines


def _is_ours(name: str, exported: list[str]) -> bool:
    return name in exported and name not in FOREIGN and not name.endswith(TWINS)


def surface(module: Path) -> str:
    """Every exported function, object, record, enum and error with its types, in order of names."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    exported = next(
        [element.value for element in node.value.elts]
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__"
    )
    found: dict[str, list[str]] = {}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name in exported:
            found[node.name] = [_signature(node)]
        elif isinstance(node, ast.ClassDef) and _is_ours(node.name, exported):
            # Enums and errors are written twice: a plain class first, then the one with the variants.
            found[node.name] = max(_class(node, ""), found.get(node.name, []), key=len)
    return HEADER + "".join("\n" + "\n".join(found[name]) + "\n" for name in sorted(found))


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("library", type=Path)
    parser.add_argument("bindgen", type=Path)
    parser.add_argument("--surface", action="store_true")
    chosen = parser.parse_args()
    if not chosen.surface:
        package(chosen.library.resolve(), chosen.bindgen.resolve())
        return
    with tempfile.TemporaryDirectory() as folder:
        print(surface(generate(chosen.library.resolve(), chosen.bindgen.resolve(), Path(folder))), end="")


if __name__ == "__main__":
    main()
