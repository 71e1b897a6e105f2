"""Texts as terms, in every script."""

from __future__ import annotations

import re
import unicodedata

UNSPACED = re.compile(
    "["
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Myanmar, Khmer
    "\u3040-\u30ff\u31f0-\u31ff"  # Hiragana, Katakana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Chinese characters
    "]+"
)


class _Kept(dict[int, str]):
    """Letters, digits and the marks on them stay; everything else becomes a blank."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        self[code] = letter if unicodedata.category(letter)[0] in "LNM" else " "
        return self[code]


_KEPT = _Kept()


def terms(text: str, ngram: int) -> list[str]:
    """Words in order of appearance, compatibility forms unified (NFKC) and case folded.

    A stretch of a script that is written without spaces gives its character n-grams (a shorter one itself), so that
    Chinese, Japanese, Thai, Lao, Burmese and Khmer need no dictionary.
    """
    out = []
    for word in unicodedata.normalize("NFKC", text).casefold().translate(_KEPT).split():
        last = 0
        for stretch in UNSPACED.finditer(word):
            if stretch.start() > last:
                out.append(word[last : stretch.start()])
            found = stretch.group()
            out += [found[at : at + ngram] for at in range(max(1, len(found) - ngram + 1))]
            last = stretch.end()
        if last < len(word):
            out.append(word[last:])
    return out
