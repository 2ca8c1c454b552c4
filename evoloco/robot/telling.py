"""Sentences about many parts at once: one for all to which the same was done."""

from collections.abc import Iterable


class Telling:
    """Collects what was done to parts, and tells alike things in one sentence."""

    def __init__(self) -> None:
        self._parts: dict[str, list[tuple[str, dict[str, float]]]] = {}

    def add(self, sentence: str, part: str, **numbers: float) -> None:
        """Notes what was done to a part.

        Args:
            sentence: With `{name}` where a number belongs; it follows "part, part: ".
            part: Name of the part.
            **numbers: The numbers of this part by those names.
        """
        self._parts.setdefault(sentence, []).append((part, numbers))

    def sentences(self) -> list[str]:
        """One sentence for each thing that was done; numbers that differ are told as a span."""
        return [self._tell(sentence, parts) for sentence, parts in self._parts.items()]

    def _tell(self, sentence: str, parts: list[tuple[str, dict[str, float]]]) -> str:
        spans = {
            name: _span(numbers[name] for _, numbers in parts if name in numbers)
            for name in parts[0][1]
        }
        return f"{', '.join(part for part, _ in parts)}: {sentence.format(**spans)}"


def _span(numbers: Iterable[float]) -> str:
    """Numbers as "3", or as "3 to 5" where they differ."""
    texts = [f"{number:.3g}" for number in sorted(numbers)]
    return texts[0] if texts[0] == texts[-1] else f"{texts[0]} to {texts[-1]}"
