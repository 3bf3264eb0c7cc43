"""Which articles a stream has seen before: identity and revisions in keyed state, forgotten by event time.

An article waits until the window ends in which it was found, and is then judged in the order of the ticks. So what
comes out, and in which window, depends on what was archived alone, and is the same when a part of the stream is done
again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import apache_beam as beam
from apache_beam.coders import BytesCoder, PickleCoder
from apache_beam.pvalue import TaggedOutput
from apache_beam.transforms.timeutil import TimeDomain
from apache_beam.transforms.userstate import BagStateSpec, ReadModifyWriteStateSpec, TimerSpec, on_timer
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.timestamp import Duration, Timestamp
from apache_beam.utils.windowed_value import WindowedValue

from copydesk.pipelines.parquet import ID_HASH, REVISION_HASH
from copydesk.pipelines.writing import Duplicates, keys_of
from copydesk.schemas.article import Article
from copydesk.schemas.failure import Failure
from copydesk.transforms.routing import TALLY

Record = Article | Failure
_INSTANT: Final = Duration(micros=1_000)
"""Between the last moment of a window and its end."""


def packed_key(table: str, id_hash: int) -> bytes:
    """The key of an identity."""
    return table[:1].encode() + id_hash.to_bytes(8, "big")


def packed_revision(revision_hash: int) -> bytes:
    """A revision as it is remembered."""
    return revision_hash.to_bytes(8, "big")


def keyed(record: Record) -> tuple[bytes, Any]:
    """A record under its identity."""
    table, keys = keys_of(record)
    return packed_key(table, keys[ID_HASH]), (packed_revision(keys[REVISION_HASH]), record)


def _remembered(revisions: frozenset[bytes], last: int) -> bytes:
    """The state of an article: when it was last found, and its revisions, eight bytes each."""
    return last.to_bytes(8, "big") + b"".join(sorted(revisions))


def _recalled(state: bytes | None) -> tuple[frozenset[bytes], int]:
    if not state:
        return frozenset(), 0
    return frozenset(state[at : at + 8] for at in range(8, len(state), 8)), int.from_bytes(state[:8], "big")


class Known(beam.DoFn):
    """Yields each revision of each article once, at the end of the window in which it was first found.

    Takes records under their identity (`keyed`), and, for what was committed before the stream began, the bare
    revisions as bytes. How many were left out goes to TALLY.

    Args:
        window: Length of a window in seconds.
        remember: For how many seconds at least an article is remembered after it was last found.
    """

    SEEN = ReadModifyWriteStateSpec("seen", BytesCoder())
    WAITING = BagStateSpec("waiting", PickleCoder())
    DUE = TimerSpec("due", TimeDomain.WATERMARK)
    FORGET = TimerSpec("forget", TimeDomain.WATERMARK)

    def __init__(self, window: int, remember: int) -> None:
        self.window = window
        # That an article was found again is noted now and then only, so most of what is known costs one look.
        self.note_after = remember // 16
        self.remember = remember + self.note_after

    def start_bundle(self) -> None:
        """Starts with nothing counted."""
        self._left_out: Counter[Timestamp] = Counter()

    def process(
        self,
        element: tuple[bytes, Any],
        at: Any = beam.DoFn.TimestampParam,
        seen: Any = beam.DoFn.StateParam(SEEN),
        waiting: Any = beam.DoFn.StateParam(WAITING),
        due: Any = beam.DoFn.TimerParam(DUE),
        forget: Any = beam.DoFn.TimerParam(FORGET),
    ) -> None:
        """Remembers, and sets the timer of the earliest window that waits."""
        _, value = element
        tick = int(at)
        known, last = self._known(seen, tick)
        if isinstance(value, bytes):
            self._remember(seen, forget, known | {value}, max(last, tick))
        elif value[0] in known:
            self._left_out[at] += 1
            self._touch(seen, forget, known, last, tick)
        else:
            waiting.add((tick, *value))
            # A timer has one time. Set to a later window than one that waits, it would move rows from window to window.
            due.set(self._last_moment(min(found[0] for found in waiting.read())))

    def _known(self, seen: Any, tick: int) -> tuple[frozenset[bytes], int]:
        """The revisions that are known at a tick, and when one of them was last found."""
        known, last = _recalled(seen.read())
        return (frozenset(), 0) if tick - last > self.remember else (known, last)

    def _touch(self, seen: Any, forget: Any, known: frozenset[bytes], last: int, tick: int) -> None:
        if tick > last + self.note_after:
            self._remember(seen, forget, known, tick)

    def _remember(self, seen: Any, forget: Any, known: frozenset[bytes], last: int) -> None:
        seen.write(_remembered(known, last))
        forget.set(Timestamp(last + self.remember))

    def _last_moment(self, tick: int) -> Timestamp:
        return Timestamp(tick - tick % self.window + self.window) - _INSTANT

    @on_timer(DUE)
    def judge(
        self,
        at: Any = beam.DoFn.TimestampParam,
        seen: Any = beam.DoFn.StateParam(SEEN),
        waiting: Any = beam.DoFn.StateParam(WAITING),
        due: Any = beam.DoFn.TimerParam(DUE),
        forget: Any = beam.DoFn.TimerParam(FORGET),
    ) -> Iterator[Record]:
        """Yields what is new in the window that ends."""
        rows = sorted(waiting.read(), key=lambda row: (row[0], row[1], row[2].source_uri))
        ready = [row for row in rows if row[0] <= at]
        waiting.clear()
        for row in rows[len(ready) :]:
            waiting.add(row)
        if len(ready) < len(rows):
            due.set(self._last_moment(rows[len(ready)][0]))
        if not ready:
            return
        known, last = self._known(seen, ready[0][0])
        for _, revision, record in ready:
            if revision in known:
                self._left_out[at] += 1
            else:
                known |= {revision}
                yield record
        self._remember(seen, forget, known, max(last, ready[-1][0]))

    @on_timer(FORGET)
    def end(
        self,
        at: Any = beam.DoFn.TimestampParam,
        seen: Any = beam.DoFn.StateParam(SEEN),
        waiting: Any = beam.DoFn.StateParam(WAITING),
    ) -> None:
        """Forgets an article that has not been found for long."""
        _, last = _recalled(seen.read())
        # A runner may fire a timer that has just been set anew, or two timers not in the order of their times.
        if at >= last + self.remember and not any(True for _ in waiting.read()):
            seen.clear()

    def finish_bundle(self) -> Iterator[TaggedOutput[str, WindowedValue]]:
        """Yields how many were left out in each window."""
        for at, count in sorted(self._left_out.items()):
            yield TaggedOutput(TALLY, WindowedValue(Duplicates(count), at, (GlobalWindow(),)))
