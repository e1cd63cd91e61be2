"""The package as others see it: its public names, what it depends on, and what its entry says."""

import ast
import importlib.metadata
import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from PIL import Image

import mnist_demo
from mnist_demo.data.dataset import DigitDataset
from tests import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_import_of_the_package_loads_nothing_heavy_and_offers_the_public_names() -> None:
    program = "import json, sys, mnist_demo; print(json.dumps([sorted(sys.modules), dir(mnist_demo)]))"
    finished = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded, names = json.loads(finished.stdout)
    assert {"torch", "sklearn", "numpy", "streamlit"}.isdisjoint(loaded)
    assert set(mnist_demo.__all__) <= set(names)


@pytest.mark.parametrize("name", ["Hyperparameters", "image_from_strokes", "load_checkpoint", "train"])
def test_public_name_of_each_package_can_be_imported_from_a_fresh_process(name: str) -> None:
    program = f"from mnist_demo import {name}; assert {name} is not None"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


def test_public_names_are_those_of_the_packages() -> None:
    from mnist_demo import drawing, models, settings, training

    homes = {
        settings: ["Hyperparameters", "PRESETS"],
        drawing: ["find_digits", "image_from_bitmap", "image_from_strokes"],
        models: ["load_checkpoint"],
        training: ["train"],
    }
    assert sorted(mnist_demo.__all__) == sorted(name for names in homes.values() for name in names)
    for home, names in homes.items():
        assert [getattr(mnist_demo, name) for name in names] == [getattr(home, name) for name in names]


def test_example_in_the_readme_reads_a_picture(
    builtin: DigitDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    Image.fromarray(builtin.test_pixels[0]).save("photo.png")
    names: dict[str, Any] = {}
    exec(example, names)
    assert names["probabilities"].shape == (1, 10)
    assert names["probabilities"].argmax() == builtin.test_labels[0]


def test_readme_in_korean_has_the_commands_and_the_variables_of_the_readme() -> None:
    english, korean = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.ko.md"))

    def commands(text: str) -> set[str]:
        lines = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL)).splitlines()
        return {line.partition("#")[0].strip() for line in lines}

    assert commands(korean) == commands(english)
    variables = re.compile(r"^\| `(MNIST_DEMO_\w+)`", re.MULTILINE)
    assert variables.findall(korean) == variables.findall(english)
    assert "(README.ko.md)" in "\n".join(english.splitlines()[:5])


@pytest.mark.parametrize("package", ["mnist_demo", "mnist_demo.models", "mnist_demo.training"])
def test_unknown_name_is_an_attribute_error(package: str) -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        importlib.import_module(package).no_such_name  # noqa: B018


def test_everything_imported_is_declared_and_everything_declared_is_imported() -> None:
    distributions = importlib.metadata.packages_distributions()
    sources = [ROOT / "app.py", *(ROOT / "mnist_demo").rglob("*.py")]
    imported = {name for source in sources for name in imported_packages(source)} - {"mnist_demo"}
    needed = {canonicalize_name(distributions[name][0]) for name in imported}
    assert needed | {"markupsafe"} == set(declared()) | set(declared("cluster"))


def test_every_pin_lies_in_the_declared_range() -> None:
    pinned = [requirement for requirement in required() if requirement.url is None]
    ranges = declared()
    assert {canonicalize_name(pin.name) for pin in pinned} == set(ranges)
    for pin in pinned:
        (specifier,) = pin.specifier
        assert specifier.operator == "==", pin
        assert ranges[canonicalize_name(pin.name)].specifier.contains(specifier.version), pin


@pytest.mark.parametrize(
    ("machine", "sentence"),
    [
        ({"sys_platform": "darwin", "platform_machine": "x86_64"}, "There is no PyTorch for Intel Macs: see README.md"),
        ({"sys_platform": "linux", "platform_machine": "armv7l"}, "There is no PyTorch for machines of 32 bits: see"),
        ({"sys_platform": "linux", "platform_machine": "i686"}, "There is no PyTorch for machines of 32 bits: see"),
        ({"sys_platform": "win32", "platform_machine": "x86"}, "There is no PyTorch for machines of 32 bits: see"),
        ({"python_version": "3.15"}, "PyTorch needs Python 3.11 to 3.14: see README.md, Installation in detail"),
        ({"python_version": "3.10"}, "PyTorch needs Python 3.11 to 3.14"),
        ({"sys_platform": "linux", "platform_machine": "x86_64", "python_version": "3.11"}, None),
        ({"sys_platform": "linux", "platform_machine": "aarch64", "python_version": "3.14"}, None),
        ({"sys_platform": "darwin", "platform_machine": "arm64", "python_version": "3.14"}, None),
        ({"sys_platform": "win32", "platform_machine": "AMD64", "python_version": "3.14"}, None),
        # What a Python for x86-64 may say on ARM, for which there are wheels.
        ({"sys_platform": "win32", "platform_machine": "ARM64"}, None),
    ],
)
def test_pip_ends_with_a_sentence_where_there_are_no_wheels(machine: dict[str, str], sentence: str | None) -> None:
    usual = {"sys_platform": "linux", "platform_machine": "x86_64", "python_version": "3.12"}
    asked = [requirement for requirement in required() if requirement.url and requirement.marker]
    refusals = [unquote(wish.url or "") for wish in asked if wish.marker and wish.marker.evaluate(usual | machine)]
    assert len(refusals) == (sentence is not None)
    assert all(refusal.startswith(f"file:///{sentence}") for refusal in refusals)
    python = machine.get("python_version", "3.12")
    assert SpecifierSet(PROJECT["requires-python"]).contains(python) != bool(sentence and "needs Python" in sentence)
    declared_asked = [Requirement(text) for text in PROJECT["dependencies"] if "file:" in text]
    assert {str(wish) for wish in declared_asked} <= {str(wish) for wish in asked}


def test_every_declared_range_has_two_ends() -> None:
    for requirement in (declared() | declared("cluster")).values():
        assert {specifier.operator for specifier in requirement.specifier} == {">=", "<"}, requirement


def test_entry_run_as_a_program_says_in_one_line_what_to_type() -> None:
    finished = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert finished.returncode == 1
    command = shlex.join([sys.executable, "-m", "streamlit", "run", "app.py"])
    assert finished.stderr == f"This is a page for Streamlit: type “{command}”.\n"


def declared(extra: str = "") -> dict[str, Requirement]:
    """Return the dependencies of pyproject.toml, or those of one of its extras, by their normalised names."""
    requirements = map(Requirement, PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"])
    return {canonicalize_name(wish.name): wish for wish in requirements if wish.url is None}


def required() -> list[Requirement]:
    """Return the lines of requirements.txt."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def imported_packages(source: Path) -> Iterator[str]:
    """Yield the top-level packages, other than Python's own, that a file imports or asks for by ``require``."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        names = []
        match node:
            case ast.Import():
                names = [alias.name for alias in node.names]
            case ast.ImportFrom(module=str(module)):
                names = [module]
            case ast.Call(func=ast.Name(id="require"), args=[ast.Constant(value=str(module))]):
                names = [module]
        yield from {name.split(".")[0] for name in names} - sys.stdlib_module_names
