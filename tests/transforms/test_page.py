"""A page of our own with everything around the story that pages have, and what the reader makes of it."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from copydesk.transforms.boilerplate import Desk, Edited
from copydesk.transforms.draft import Draft
from copydesk.transforms.errors import Reject
from copydesk.transforms.page import read_fragment, read_page

PAGE = """<!doctype html>
<html lang="en-GB"><head><meta charset="utf-8">
<title>Harbour bridge to close for a year | The Quayside Courier</title>
<link rel="canonical" href="/news/harbour-bridge">
<meta property="og:description" content="Drivers face a detour of nine miles while the deck is replaced.">
<script type="application/ld+json">{"@context": "https://schema.org", "@graph": [
 {"@type": "BreadcrumbList"},
 {"@type": "NewsArticle", "headline": "Harbour bridge to close for a year",
  "author": [{"@type": "Person", "name": "Ida Moss"}, {"name": "Tom Reyes"}],
  "datePublished": "2026-03-04T06:30:00+00:00", "keywords": ["bridges", "transport"],}
]}</script></head>
<body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/sport">Sport</a></li></ul></nav>
<article>
 <header>
  <h1>Harbour bridge to close for a year</h1>
  <p class="article__standfirst">Drivers face a detour of nine miles while the deck is replaced.</p>
  <p class="byline">By Ida Moss and Tom Reyes</p>
  <div class="share-bar"><a href="#">Share</a> <button>Copy link</button></div>
 </header>
 <figure><img src="a.jpg"><figcaption>The bridge at low tide. <span class="credit">Photo: R. Vale</span></figcaption>
 </figure>
 <div class="entry-content">
  <p>The harbour bridge will shut to all traffic from the first Monday in May, the council said on Wednesday, so that
   the   steel deck laid in 1938 can be taken out and replaced.</p>
  <p>Engineers found cracks in eleven of the forty beams last autumn, and a weight limit has been in force since then,
   with <a href="/ferry">ferries</a> carrying the lorries that may no longer cross.</p>
  <h2>A long detour</h2>
  <p>The nearest crossing is nine miles upstream, and the council has asked the bus company to double the number of
   services on the route while the work goes on.</p>
  <div class="related-stories"><h3>Related</h3><p><a href="/x">Ferry fares to rise again in the spring of next year</a></p>
  </div>
  <blockquote>"It is the right thing to do, and it should have been done ten years ago," said the harbour master.</blockquote>
 </div>
 <section class="comments"><p>I have crossed this bridge every day for thirty years and will miss it a great deal.</p></section>
</article>
<footer><p>Copyright The Quayside Courier. All rights in this page are reserved by its publisher.</p></footer>
</body></html>"""


def read(html: str, **options: str) -> Draft:
    return read_page(html.encode(), source_uri="file:///page.html", **options)


def story(draft: Draft) -> list[str]:
    return [draft.raw[block.start : block.end] for block in draft.blocks if block.in_story]


DESK = Desk()


def edit(html: str, **options: str) -> Edited:
    return DESK.edit(read(html, **options))


def test_the_story_is_found_and_the_rest_marked() -> None:
    draft = read(PAGE)
    lines = story(draft)
    assert "A long detour" in lines
    assert any(line.startswith("The harbour bridge will shut") for line in lines)
    assert any(line.startswith('"It is the right thing') for line in lines)
    for chrome in ("Home", "Copy link", "Ferry fares to rise again in the spring of next year"):
        assert chrome not in lines
        assert chrome in draft.raw
    assert not any("thirty years" in line or "reserved" in line for line in lines)


def test_white_space_is_collapsed_and_links_keep_their_place() -> None:
    draft = read(PAGE)
    assert "so that the steel deck laid in 1938" in draft.raw
    assert "since then, with ferries carrying the lorries" in draft.raw


def test_blocks_cover_the_raw_text_in_order() -> None:
    draft = read(PAGE)
    left, position = [], 0
    for block in draft.blocks:
        assert position <= block.start < block.end
        left.append(draft.raw[position : block.start])
        assert draft.raw[block.start : block.end].strip() == draft.raw[block.start : block.end]
        position = block.end
    assert not "".join([*left, draft.raw[position:]]).strip()


def test_metadata() -> None:
    metadata = read(PAGE, url="https://courier.example/news/harbour-bridge?utm=1").metadata
    assert metadata.headline == "Harbour bridge to close for a year"
    assert metadata.standfirst == "Drivers face a detour of nine miles while the deck is replaced."
    assert metadata.authors == ("Ida Moss", "Tom Reyes")
    assert metadata.topics == ("bridges", "transport")
    assert metadata.url == "https://courier.example/news/harbour-bridge"
    assert metadata.published_raw == "2026-03-04T06:30:00+00:00"
    assert metadata.language == "en-GB"


def test_a_caption_becomes_one_field_with_its_credit() -> None:
    edited = edit(PAGE)
    (caption,) = edited.captions
    assert caption.text == "The bridge at low tide."
    assert caption.credit == "Photo: R. Vale"
    assert "low tide" not in edited.text


def test_the_caption_of_a_picture_above_the_story_is_a_field_once_however_often_it_is_printed() -> None:
    figure = '<figure><img src="b.jpg"><figcaption>Lorries wait for the noon ferry.</figcaption></figure>'
    edited = edit(PAGE.replace('<div class="entry-content">', figure + '<div class="entry-content">' + figure))
    assert [caption.text for caption in edited.captions] == [
        "The bridge at low tide.",
        "Lorries wait for the noon ferry.",
    ]
    assert "noon ferry" not in edited.text


DECK = "Drivers face a detour of nine miles while the deck is replaced."


def test_the_standfirst_is_a_field_and_stands_in_the_text_once() -> None:
    edited = edit(PAGE)
    assert edited.standfirst == DECK
    assert edited.paragraphs[0].text == DECK
    assert edited.paragraphs[1].text.startswith("The harbour bridge will shut")


def test_the_standfirst_is_cut_from_the_text_on_request() -> None:
    edited = Desk(cut={"deck"}).edit(read_page(PAGE.encode(), source_uri="https://example.org/a"))
    assert edited.standfirst == DECK
    assert edited.paragraphs[0].text.startswith("The harbour bridge will shut")
    assert [cut.rule for cut in edited.cuts if cut.kind == "deck"] == ["block.standfirst"]


def test_the_printed_standfirst_beats_the_description() -> None:
    edited = edit(PAGE.replace(f'content="{DECK}"', 'content="What the closure of the bridge means for drivers"'))
    assert edited.standfirst == DECK


def test_a_standfirst_that_the_story_prints_again_stays_there_once() -> None:
    edited = edit(PAGE.replace('<div class="entry-content">', f'<div class="entry-content"><p>{DECK}</p>'))
    assert edited.standfirst == DECK
    assert edited.text.count(DECK) == 1
    assert edited.paragraphs[0].text == DECK


FIRST = "Ferries will run through the night from the first Monday in May, the council said on Wednesday."


@pytest.mark.parametrize("names", ["", ' class="lead"', ' class="intro text"'])
def test_a_first_paragraph_that_is_also_the_description_is_text(names: str) -> None:
    page = PAGE.replace(f'<p class="article__standfirst">{DECK}</p>', "").replace(DECK, FIRST)
    page = page.replace('<div class="entry-content">', f'<div class="entry-content"><p{names}>{FIRST}</p>')
    edited = edit(page)
    if names:  # set otherwise than the text, and all of the description: a summary
        assert edited.standfirst == FIRST
    else:
        assert edited.paragraphs[0].text == FIRST


def test_a_first_paragraph_named_lead_is_text_without_more_evidence() -> None:
    page = PAGE.replace('<div class="entry-content">', f'<div class="entry-content"><p class="lead">{FIRST}</p>')
    assert edit(page).paragraphs[1].text == FIRST


def test_a_paragraph_with_a_dateline_is_no_standfirst() -> None:
    opening = "LONDON (Reuters) - Ferries will run through the night from the first Monday in May."
    page = PAGE.replace('<div class="entry-content">', f'<div class="entry-content"><p class="subtitle">{opening}</p>')
    assert edit(page).paragraphs[1].text == "Ferries will run through the night from the first Monday in May."


def test_a_long_standfirst_does_not_hide_the_dateline_below_it() -> None:
    long = (
        "Drivers face a detour of nine miles while the deck is replaced, and ferries will run through the night, too."
    )
    opening = "MILLTOWN - Ferries will run through the night from the first Monday in May."
    page = PAGE.replace(DECK, long).replace(
        '<div class="entry-content">', f'<div class="entry-content"><p>{opening}</p>'
    )
    edited = edit(page)
    assert edited.dateline is not None
    assert edited.paragraphs[1].text.startswith("Ferries will run")


def headline(title: str, head: str = "", url: str = "https://news.example/1", h1: str = "") -> str | None:
    body = "<p>The quay will close to all ships at noon on Friday, the harbour master said.</p>" * 3
    html = f"<title>{title}</title>{head}<body>{h1}<article>{body}</article>"
    return read(html, url=url).metadata.headline


def test_the_name_of_the_house_is_cut_off_the_headline_where_it_is_sure() -> None:
    site = '<meta property="og:site_name" content="Harbour Herald">'
    publisher = """<script type="application/ld+json">{"@type": "NewsArticle",
        "publisher": {"name": "The Harbour Herald"}}</script>"""
    for sure in (site, publisher):
        assert headline("Quay closes - The Harbour Herald", sure) == "Quay closes"
        assert headline("Harbour Herald | Quay closes", sure) == "Quay closes"
        assert headline("Quay closes - ferries wait | Harbour Herald", sure) == "Quay closes - ferries wait"
    assert headline("Quay closes | Harbour Herald", url="https://www.harbourherald.example/1") == "Quay closes"
    assert headline("Quay closes - News - Harbour", h1="<h1>Quay closes</h1>") == "Quay closes"


def test_the_headline_is_left_alone_where_it_is_not() -> None:
    assert headline("Quay closes - The Harbour Herald") == "Quay closes - The Harbour Herald"
    assert headline("Quay closes - ferries wait", h1="<h1>Quay</h1>") == "Quay closes - ferries wait"
    assert headline("The Harbour Herald", '<meta property="og:site_name" content="Harbour Herald">') is not None


def test_kinds_tags_and_tokens() -> None:
    draft = read(PAGE)
    blocks = {draft.raw[block.start : block.end]: block for block in draft.blocks}
    assert blocks["A long detour"].kind == "heading"
    assert blocks["Photo: R. Vale"].kind == "credit"
    linked = next(block for text, block in blocks.items() if text.startswith("Engineers found cracks"))
    assert linked.tag == "p"
    assert 0 < linked.link_density < 0.1
    assert "entry-content" in linked.tokens


def test_a_run_of_passages_outside_the_story_is_one_block() -> None:
    draft = read(PAGE)
    first, *_, last = [block for block in draft.blocks if not block.in_story]
    assert draft.raw[first.start : first.end].startswith("Home\nSport\nHarbour bridge to close")
    assert draft.raw[last.start : last.end].startswith("I have crossed this bridge")
    assert not any(not a.in_story and not b.in_story for a, b in pairwise(draft.blocks))


@pytest.mark.parametrize("data", [b"", b" \n ", b"<html><body></body></html>", b"<script>var a = 1</script>"])
def test_a_page_without_text_is_refused(data: bytes) -> None:
    with pytest.raises(Reject) as refused:
        read_page(data, source_uri="file:///empty.html")
    assert refused.value.code == "empty"


def test_fragment() -> None:
    raw, blocks = read_fragment(
        "<p>One <b>bold</b>&nbsp;word.</p>Loose text<br><br>after a gap<ul><li>An item</li></ul>"
    )
    assert [(raw[b.start : b.end], b.kind) for b in blocks] == [
        ("One bold word.", "paragraph"),
        ("Loose text", "paragraph"),
        ("after a gap", "paragraph"),
        ("An item", "list_item"),
    ]
    assert all(block.in_story for block in blocks)


@pytest.mark.parametrize("html", ["", "   ", "<!-- only a comment -->"])
def test_fragment_without_text(html: str) -> None:
    assert read_fragment(html) == ("", ())


def test_fragment_that_looks_like_an_address() -> None:
    raw, blocks = read_fragment("https://courier.example/page.html")
    assert raw == "https://courier.example/page.html"
    assert len(blocks) == 1


LINES = [
    f"The quay will close to all ships at noon on {day}, the harbour master said, and open later."
    for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
]
BODY = "".join(f"<p>{line}</p>" for line in LINES)


def lines_of(body: str) -> list[str]:
    return edit(f"<title>Quay closes</title><body><article>{body}</article>").text.split("\n\n")


def test_a_line_break_after_a_sentence_parts_long_lines_alone() -> None:
    assert lines_of(f"<p>{'<br>'.join(LINES)}</p>") == LINES
    verse = "Full fathom five<br>thy father lies.<br>Of his bones"
    assert lines_of(f"{BODY}<p>{verse}</p>{BODY}")[len(LINES)] == "Full fathom five thy father lies. Of his bones"


def test_a_story_inside_a_list_item_or_a_table_cell_is_no_list_and_no_table() -> None:
    for page in (f"<ul><li>{BODY}</li></ul>", f"<table><tr><td>{BODY}</td></tr></table>"):
        draft = read(f"<title>Quay closes</title><body>{page}")
        assert {block.kind for block in draft.blocks if block.in_story} == {"paragraph"}


@pytest.mark.parametrize(
    "figure",
    [
        "<figure><img src=a.jpg><figcaption><h2>Ships wait off the quay.</h2></figcaption></figure>",
        "<div class=media><img src=a.jpg><div class=mediaInfo><p>Ships wait off the quay.</p></div></div>",
        "<div class=x1><img src=a.jpg><p>Ships wait off the quay</p></div>",
    ],
)
def test_captions_without_the_element_for_them(figure: str) -> None:
    page = f"<title>Quay closes</title><body><article>{BODY}{figure}<p>The end.</p></article>"
    edited = edit(page)
    assert [(caption.text or "").rstrip(".") for caption in edited.captions] == ["Ships wait off the quay"]
    assert "Ships wait" not in edited.text


def test_a_paragraph_beside_a_picture_is_text() -> None:
    assert lines_of(f"{BODY}<div class=x1><img src=a.jpg><p>The ships wait.</p></div>") == [*LINES, "The ships wait."]


@pytest.mark.parametrize(
    ("inset", "stays"),
    [
        (
            "<div class=x1><h3><a href=x>Ferry fares to rise in the spring</a></h3><p>Passengers will pay</p></div>",
            False,
        ),
        ("<p>Read also <a href=x>Ferry fares to rise again in the spring</a></p>", False),
        ("<div class='prompt hidden'><p>Passengers will pay more than they do now.</p></div>", False),
        ("<div class='prompt hidden md:block'><p>Passengers will pay more than they do now.</p></div>", True),
        ("<p>Passengers will pay <a href=x>a tenth more than they do now, the ferry company said</a>.</p>", True),
    ],
)
def test_what_lies_in_a_story_and_belongs_to_another(inset: str, stays: bool) -> None:
    assert (len(lines_of(f"{BODY}{inset}<p>The end.</p>")) > len(LINES) + 1) == stays


@pytest.mark.parametrize("told", ["\n\n".join(LINES), "".join(f"<p>{line}</p>" for line in LINES)])
@pytest.mark.parametrize("shown", ["", "<div id=app><p>Loading</p></div>"])
def test_a_page_drawn_by_a_script_is_read_from_its_metadata(told: str, shown: str) -> None:
    data = json.dumps({"@type": "NewsArticle", "headline": "Quay closes", "articleBody": told})
    edited = edit(f'<script type="application/ld+json">{data}</script><body>{shown}')
    assert edited.text.split("\n\n") == LINES
    assert edited.headline == "Quay closes"


@pytest.mark.parametrize("nested", [1, 2])
def test_a_page_drawn_by_a_script_is_read_from_the_data_of_the_script(nested: int) -> None:
    state = json.dumps({"menu": "Home " * 100, "content": {"html": f"<div class=body>{BODY}</div>"}})
    for _ in range(nested - 1):
        state = json.dumps([1, f"2d:{state}"]).replace("<", "\\u003c")
    edited = edit(f"<title>Quay closes</title><body><div id=app></div><script>push({state})</script>")
    assert edited.text.split("\n\n") == LINES
    assert edited.headline == "Quay closes"


def test_a_word_on_cookies_in_a_script_is_no_story() -> None:
    state = json.dumps({"html": "<p>We use cookies on this site.</p><p>You may say no to them.</p><p>Do you?</p>"})
    with pytest.raises(Reject, match="no text"):
        read(f"<title>Quay closes</title><body><script>push({state})</script>")


def test_a_summary_in_the_metadata_is_no_story() -> None:
    data = json.dumps({"@type": "NewsArticle", "headline": "Quay closes", "articleBody": LINES[0]})
    with pytest.raises(Reject) as refused:
        read(f'<script type="application/ld+json">{data}</script><body><p>Loading</p>')
    assert refused.value.code == "no_story"


def test_the_byline_above_the_story_gives_the_authors_where_the_metadata_name_none() -> None:
    edited = edit(f"<h1>Quay closes</h1><p class=byline>By Ida Moss and Tom Reyes</p><article>{BODY}</article>")
    assert edited.authors == ("Ida Moss", "Tom Reyes")
    assert edited.text.split("\n\n") == LINES


def test_a_summary_under_the_headline_is_the_standfirst_whatever_its_names() -> None:
    header = "<div><hgroup><h2>Quay closes</h2></hgroup><div class=x7>{}</div><p class=x8>4 min read</p></div>"
    summary = "Ships will wait outside. The town asks why nobody was told."
    told = f"<meta property=og:title content='Quay closes'><body><nav><h1>Quay</h1></nav>{{}}<div class=y1>{BODY}</div>"
    edited = edit(told.format(header.format(summary)))
    assert edited.standfirst == summary
    assert edited.text.split("\n\n") == [summary, *LINES]
    for other in ("Updated May 3, 6:55 AM; posted May 2, 8:15 PM", "Listen to this story", f"<a href=x>{summary}</a>"):
        assert edit(told.format(header.format(other))).text.split("\n\n") == LINES


def test_a_story_parted_in_two_boxes_of_one_make_is_whole() -> None:
    opening = "The town learnt of it from a note on the gate, which nobody has owned to since."
    first = f"<div class='body-parts wide'><p>{opening}</p></div>"
    rest = f"<div class='body-parts wide walled'>{BODY}</div>"
    wall = "<div class=wall>Buy <button>Buy</button></div>"
    assert lines_of(f"<h1>Quay closes</h1>{first}{wall}{rest}") == [opening, *LINES]


def test_boxes_of_one_make_with_more_than_text_are_other_stories() -> None:
    other = f"<div class='body-parts wide'><h3>Ferry fares rise</h3><p>{LINES[0]}</p></div>"
    rest = f"<div class='body-parts wide'>{BODY}</div>"
    assert lines_of(f"<h1>Quay closes</h1>{rest}{other}") == LINES


def test_a_caption_set_again_in_words_stands_in_the_captions_once() -> None:
    caption = "Ships wait off the quay for the tide to turn."
    figure = f"<div><figure><img src=a.jpg><figcaption>{caption}</figcaption></figure><div class=z><div>{caption}</div></div></div>"
    edited = edit(f"<title>Quay closes</title><body><article>{BODY}{figure}<p>The end.</p></article>")
    assert [c.text for c in edited.captions] == [caption]
    assert edited.text.split("\n\n") == [*LINES, "The end."]


def test_short_paragraphs_without_an_alphabet_are_prose() -> None:
    lines = [f"港口{day}起关闭，所有渡轮停运，市长说还要再等三天。" for day in "一二三四五六"]
    page = f"<title>港口关闭</title><body><ul><li><a href=/>首页</a></ul><div>{''.join(f'<p>{line}' for line in lines)}</div>"
    assert edit(page).text.split("\n\n") == lines
