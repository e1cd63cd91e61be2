"""``class.json``, what a class is and who is in it; the file is untrusted and validated when it is read."""

import dataclasses
import datetime
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mnist_demo.lesson.parts import PARTS

FORMAT, VERSION = "mnist-demo-class", 1
MAX_BYTES = 500_000  # of 100 pupils with 50 runs each it has 300,000
MAX_NAME, MAX_NICKNAME = 60, 24
_KEY = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True)
class Member:
    """Who is in a class, or was.

    `owner` is what stands for the visitor in saved runs, empty for the writer of drawings that came from a file. One
    who `has_left` gives the class nothing more; what she gave it stays until she takes it out.
    """

    nickname: str
    owner: str = ""
    has_left: bool = False


@dataclass(frozen=True)
class Question:
    """The question of a part of the lesson that the class was asked, and the options that its members chose, by key.

    `asked` is the moment, which tells it from the same question asked again.
    """

    part: str
    asked: str
    is_open: bool = True
    answers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class HandwritingRun:
    """The run that was trained on the class's handwriting, without that of the writers in `held_out`.

    `without` is the run that differs from it in nothing but having had no handwriting, empty where a trained model
    learned some more: then that model is kept with the class. `newest` is when the newest drawing came that the class
    had when the run began (see `time_of`): it learned from none that came later. `learned` are the writers that it
    has learned from, with those that the model which it began with had.
    """

    run: str
    held_out: tuple[str, ...]
    without: str = ""
    newest: str = ""
    learned: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClassRecord:
    """One class.

    Attributes
    ----------
    code
        Whoever has it may join; it is also the name of the folder.
    owner
        What stands for the teacher.
    is_open
        Whether anybody can join, and anything be added.
    link
        What everybody's page is opened with: the parameters of a link with settings, and ``lang``.
    members
        By a key that says nothing of the visitor: part of the names of files, and told to browsers.
    runs
        Whose runs are in the class, by the runs' ids, the oldest first; an empty key stands for one that was taken out.
    """

    code: str
    name: str
    owner: str
    created: datetime.datetime
    is_open: bool = True
    link: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, Member] = field(default_factory=dict)
    runs: Mapping[str, str] = field(default_factory=dict)
    question: Question | None = None
    handwriting_run: HandwritingRun | None = None

    def key_of(self, owner: str) -> str | None:
        """Return the key of that visitor, None where she is not in the class."""
        return next((key for key, member in self.members.items() if owner and member.owner == owner), None)

    def keys_of_nickname(self, nickname: str) -> list[str]:
        """Return the keys of the members of that nickname, in capital or small letters."""
        return [key for key, member in self.members.items() if member.nickname.casefold() == nickname.casefold()]

    def is_in(self, owner: str) -> bool:
        """Tell whether that visitor is in the class now."""
        key = self.key_of(owner)
        return key is not None and not self.members[key].has_left

    def runs_of(self, key: str) -> list[str]:
        """Return the ids of that member's runs, the newest first."""
        return [run_id for run_id, whose in self.runs.items() if whose == key][::-1]

    def without_open_question(self) -> "ClassRecord":
        """Return the class as it is when its question takes no more answers; those that there are stay."""
        question = self.question and dataclasses.replace(self.question, is_open=False)
        return dataclasses.replace(self, question=question)

    def without_member(self, key: str) -> "ClassRecord":
        """Return the class without a member, her runs and her answer."""
        question = self.question
        if question is not None:
            answers = {other: option for other, option in question.answers.items() if other != key}
            question = dataclasses.replace(question, answers=answers)
        return dataclasses.replace(
            self,
            members={other: member for other, member in self.members.items() if other != key},
            runs={run_id: whose for run_id, whose in self.runs.items() if whose != key},
            question=question,
        )

    def new_key(self) -> str:
        """Return a key that no member has."""
        while (key := secrets.token_hex(4)) in self.members:
            pass
        return key

    def by_name(self) -> dict[str, Member]:
        """Return the members sorted by nickname."""
        return dict(sorted(self.members.items(), key=lambda item: (item[1].nickname.casefold(), item[0])))

    def to_json(self) -> bytes:
        values = dataclasses.asdict(self) | {"created": self.created.isoformat()}
        about = {"format": FORMAT, "version": VERSION, **values}
        return json.dumps(about, ensure_ascii=False, allow_nan=False, indent=1).encode()

    @classmethod
    def from_json(cls, content: bytes) -> "ClassRecord":
        """Return the record that `to_json` wrote; raise ValueError for any other content."""
        if len(content) > MAX_BYTES:
            raise ValueError("class.json is too large")
        try:
            about: Any = json.loads(content)
            if (about.pop("format"), about.pop("version")) != (FORMAT, VERSION):
                raise ValueError("another version of this program wrote class.json")
            return cls(**_checked(about))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError("class.json does not say what it should") from error


def clean_name(text: str, limit: int) -> str:
    """Return a name as it is kept: printable characters in one line, at most `limit`."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:limit].strip()


def _checked(about: dict[str, Any]) -> dict[str, Any]:
    """Validate the values of a record; raise KeyError, TypeError, ValueError or AttributeError for invalid ones."""
    _require(all(isinstance(about[name], str) for name in ("code", "name", "owner")))
    _require(isinstance(about["is_open"], bool) and _are_texts(about["link"]) and _are_texts(about["runs"]))
    members = {key: Member(**member) for key, member in about["members"].items()}
    for key, member in members.items():
        _require(_KEY.fullmatch(key) is not None and isinstance(member.has_left, bool))
        _require(isinstance(member.nickname, str) and isinstance(member.owner, str))
    question = Question(**about["question"]) if about["question"] else None
    if question is not None:
        options = next(part.options for part in PARTS if part.name == question.part)
        _require(isinstance(question.is_open, bool) and isinstance(question.asked, str))
        _require(_are_texts(question.answers))
        _require(set(question.answers.values()) <= set(options))
    run = about["handwriting_run"]
    if run is not None:
        writers = {name: tuple(run.get(name, ())) for name in ("held_out", "learned")}
        run = HandwritingRun(**run | writers)
        _require(all(isinstance(key, str) for keys in writers.values() for key in keys))
        _require(all(isinstance(text, str) for text in (run.run, run.without, run.newest)))
    created = datetime.datetime.fromisoformat(about["created"])
    return about | {"created": created, "members": members, "question": question, "handwriting_run": run}


def _are_texts(values: Any) -> bool:
    return isinstance(values, dict) and all(isinstance(value, str) for value in values.values())


def _require(condition: bool) -> None:
    if not condition:
        raise TypeError("a value is of another type")
