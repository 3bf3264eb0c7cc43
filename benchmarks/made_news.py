"""Makes news to measure with: as much as is asked for, the same bytes every time, and no text of anybody's.

Stories have a headline, a dateline, paragraphs of words at about English frequencies, and the lines that the desk cuts.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

_COMMON = (
    "the of to and a in that it is was for on with as at by from be this have are not but had has were they "
    "which one you all there would their we him been when who will more no if out so said what up its about "
    "into than them can"
).split()
_OTHER = (
    "barrage council ferry harbour programme minister cooperation co-operation report police station river "
    "price market company season school winter labour defence centre theatre licence practice neighbour honour "
    "organise analyse tyre grey metre travelled cancelled jewellery catalogue dialogue storey cheque draught "
    "engine island freight budget vote election court judge hospital doctor player match goal league team coach "
    "storm flood bridge tunnel railway airport"
).split()
_FURNITURE = (
    "Sign up now: Get our newsletters delivered to your inbox",
    "PHOTO: REUTERS",
    "Follow topic:",
    "READ MORE: What the keeper saw on the night of the storm",
    "Advertisement",
    "See more on",
)
_PLACES = ("PORT ELLIS", "CORRAN BAY", "MOUNT ARDEN", "NETHERBY")


def _sentence(chance: random.Random) -> str:
    words = [chance.choice(_COMMON if chance.random() < 0.55 else _OTHER) for _ in range(chance.randint(8, 28))]
    return " ".join(words).capitalize() + "."


def story(number: int) -> tuple[str, list[str]]:
    """The headline and the lines of one story of about 2.5 KB, furniture among them."""
    chance = random.Random(number)
    headline = _sentence(chance)[:-1]
    paragraphs = [
        " ".join(_sentence(chance) for _ in range(chance.randint(1, 3))) for _ in range(chance.randint(6, 11))
    ]
    paragraphs[0] = f"{chance.choice(_PLACES)} - {paragraphs[0]}"
    paragraphs[-1] += " REUTERS"
    for line in chance.sample(_FURNITURE, 3):
        paragraphs.insert(chance.randint(0, len(paragraphs)), line)
    return headline, paragraphs


def write_text(folder: Path, stories: int, files: int) -> None:
    """Stories as JSON lines, spread over some files."""
    folder.mkdir(parents=True, exist_ok=True)
    for at in range(files):
        with (folder / f"part-{at:03d}.jsonl").open("w", encoding="utf-8") as file:
            for number in range(at, stories, files):
                headline, lines = story(number)
                record = {"title": headline, "url": f"https://example.com/{number}", "text": "\n\n".join(lines)}
                file.write(json.dumps(record) + "\n")


def page(number: int) -> str:
    """One story as a page of about 60 KB: navigation, teasers, scripts and the story between them."""
    headline, lines = story(number)
    chance = random.Random(-number - 1)
    menu = "".join(f'<li><a href="/{n}">{chance.choice(_OTHER).title()}</a></li>' for n in range(120))
    teasers = "".join(
        f'<div class="teaser"><a href="/{n}"><h3>{_sentence(chance)}</h3><p>{_sentence(chance)}</p></a></div>'
        for n in range(60)
    )
    body = "".join(f"<p>{line}</p>" for line in lines)
    script = "var a = " + json.dumps([chance.random() for _ in range(1200)])
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{headline} | The Example</title><script>{script}</script>'
        f'<link rel="canonical" href="https://example.com/{number}"></head><body><nav><ul>{menu}</ul></nav>'
        f'<main><article><h1>{headline}</h1><div class="article-body">{body}</div></article>'
        f"<aside>{teasers}</aside></main><footer><ul>{menu}</ul></footer></body></html>"
    )


def write_pages(folder: Path, pages: int) -> None:
    """Pages, a file each."""
    for number in range(pages):
        path = folder / f"{number // 1000:03d}" / f"{number:06d}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page(number), encoding="utf-8")
