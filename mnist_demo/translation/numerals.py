"""Numbers, percentages, lists and durations as a language writes them; Babel knows the languages other than English."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

UNITS = {"second": "{} s", "minute": "{} min", "hour": "{} h"}


@dataclass(frozen=True)
class Numerals:
    """The signs and patterns of one language; the defaults are those of this program's English.

    Signs are exchanged, and no more: Python's own formats know every number of decimals and are a hundred times as fast
    as a formatter that follows a pattern, and a stroke is answered with dozens of percentages.

    Attributes
    ----------
    decimal, group
        The signs before the decimals, and between groups of three digits.
    percent
        A percentage, with ``{}`` where the number stands.
    separator
        What stands between the items of a list.
    units
        By unit (``second``, ``minute``, ``hour``), a short duration with ``{}`` where the number stands.
    """

    decimal: str = "."
    group: str = ","
    percent: str = "{} %"
    separator: str = ", "
    units: Mapping[str, str] = field(default_factory=UNITS.copy)

    def format_decimal(self, number: float, spec: str = ",") -> str:
        """Return `number` as Python's `spec` writes it, such as ``",.1f"``, with the signs of this language."""
        text = format(number, spec)
        if self.decimal == "." and self.group == ",":
            return text
        return text.translate({ord("."): self.decimal, ord(","): self.group})

    def format_percent(self, fraction: float, digits: int) -> str:
        """Return `fraction` as a percentage with so many decimals."""
        return self.percent.format(self.format_decimal(100 * fraction, f".{digits}f"))

    def format_unit(self, number: float, unit: str, spec: str) -> str:
        """Return a number of seconds, minutes or hours as a short duration."""
        return self.units[unit].format(self.format_decimal(number, spec))

    def format_list(self, texts: Iterable[str]) -> str:
        """Return the texts one after the other: a list without “and” or “or”."""
        return self.separator.join(texts)

    @classmethod
    def of(cls, language: str) -> "Numerals":
        """Return those of a language such as ``"ko"``; those of English where Babel does not know the language."""
        # Here, not above: English needs no Babel, and a command that only prints its help need not wait for it.
        from babel import Locale, UnknownLocaleError
        from babel.units import format_unit

        try:
            locale = Locale.parse(language)
        except (UnknownLocaleError, ValueError):
            return cls()
        signs = locale.number_symbols["latn"]
        pattern = locale.percent_formats[None].pattern
        begin, end = pattern.index("#"), pattern.rindex("0") + 1
        return cls(
            decimal=signs["decimal"],
            group=signs["group"],
            percent=f"{pattern[:begin]}{{}}{pattern[end:]}",
            separator=locale.list_patterns["standard"]["middle"].format("", ""),
            units={unit: format_unit("{}", f"duration-{unit}", "short", locale=locale) for unit in UNITS},
        )
