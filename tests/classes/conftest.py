"""A store of classes in a folder of its own, a teacher, and the class that she opened."""

from pathlib import Path

import pytest

from mnist_demo.classes.commands import ClassCommands
from mnist_demo.classes.store import ClassStore


@pytest.fixture
def store(tmp_path: Path) -> ClassStore:
    return ClassStore(tmp_path)


@pytest.fixture
def teacher(store: ClassStore) -> ClassCommands:
    return ClassCommands("teacher", store)


@pytest.fixture
def code(teacher: ClassCommands) -> str:
    return teacher.create("7b", {"preset": "small-network", "locked": "1"}).code
