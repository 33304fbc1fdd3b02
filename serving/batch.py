"""Batch: the articles of files, tagged in a stream."""

from __future__ import annotations

import io
import os
import sys
import time
from collections import Counter
from collections.abc import Generator
from contextlib import closing, suppress

from labels.errors import InputError, StateError
from labels.sources import expand
from serving.fingerprint import Fingerprint, fingerprint
from serving.inputs import Inputs, Mark, inputs_of, refuse_pipes
from serving.job import Complain, Job, Outcome, Progress
from serving.journal import State
from serving.output import header
from serving.packing import kind_of
from serving.partial import Partial, alone, discard, put_in_place, refuse_other
from serving.places import Places, beside
from serving.resuming import found
from serving.spread import spread
from serving.work import Done

# Between two entries of the journal: what a kill costs at most, about. A run of days notes less
# often, or its journal would grow without end.
_NOTE = 1.0  # seconds
_NOTE_SHARE = 0.001  # of the time that the run has taken
_SMALL = 4 * 1024 * 1024  # bytes of input, tagged sooner than other processes would have begun


def tag(job: Job, complain: Complain, progress: Progress, places: Places | None = None) -> Outcome:
    """Tag every article; a row that cannot be tagged goes to ``complain`` and the rejects file.

    The output is written beside its place (or in ``places``), and put there when it is whole.
    What is done until then outlives a kill, and ``resume`` goes on from there. Where places keep
    their journal, a job that tagged nothing is done as well, with its rejects for a result.

    Raises:
        InputError: an input cannot be read, ``strict`` and a row cannot, or nothing was tagged.
        StateError: the output is there already, is an input, or cannot be written.
    """
    if job.output == "-":
        return _to_terminal(job, complain, progress)
    places = places or beside(job.output)
    job.refuse_target(places.target)
    job.refuse_own_input(places)
    sources = expand(job.inputs, places.owns)
    refuse_pipes(sources)
    inputs = inputs_of(sources)
    made = fingerprint(inputs.sources, job.work, kind_of(places.target.name))
    try:
        with alone(places, job.output) as journal:
            return _Run(job, inputs, places, complain, progress).to_file(journal, made)
    except OSError as error:
        fix = "Check the folder, its permissions and the space on its disk"
        said = os.strerror(error.errno) if error.errno else str(error)  # Arrow says much more
        raise StateError(job.output, f"cannot be written ({said})", fix) from error


def _to_terminal(job: Job, complain: Complain, progress: Progress) -> Outcome:
    if sys.stdout is None:
        raise StateError("standard output", "closed", "Give a file with -o")
    counts = Counter[str]()
    with closing(_results(job, inputs_of(expand(job.inputs)), State())) as results:
        for mark, done in results:
            counts += _heard(job, done, complain)
            # Line by line: without a buffer (python -u) Python drops the rest of a long one.
            sys.stdout.writelines(io.StringIO(done.streams["output"].decode(), newline="\n"))
            sys.stdout.flush()
            progress(counts["tagged"], mark.share)
    job.refuse_nothing(counts)
    return Outcome(counts=counts, summary=job.summary(counts))


def _results(job: Job, inputs: Inputs, state: State) -> Generator[tuple[Mark, Done]]:
    blocks = inputs.blocks(job.work, state.source, state.place, job.block)
    return spread(job.work, blocks, job.jobs or _processes(inputs))


def _processes(inputs: Inputs) -> int:
    """All cores, where other processes are worth the second that it takes to begin them.

    Standard input is for one: while joblib waits for more of it, no signal would end the run.
    """
    if not inputs.again or inputs.bytes < _SMALL:
        return 1
    from joblib import cpu_count

    return int(cpu_count())


def _heard(job: Job, done: Done, complain: Complain) -> Counter[str]:
    """The counts, when errors are told of."""
    for error in done.errors:
        if job.strict:
            raise error
        complain(error)
    return done.counts


class _Run:
    """One run of a job into a file."""

    def __init__(
        self, job: Job, inputs: Inputs, places: Places, complain: Complain, progress: Progress
    ) -> None:
        self._job = job
        self._inputs = inputs
        self._places = places
        self._complain = complain
        self._progress = progress

    def to_file(self, journal: io.RawIOBase, made: Fingerprint) -> Outcome:
        job, places = self._job, self._places
        state = found(places, made, job, again=self._inputs.again)
        self._refuse_rejects(state)
        already = bool(state.sha256)
        if not already:
            state = self._made(Partial(places, journal, made, state))
        counts = Counter(state.counts)
        told = job.summary(counts)
        if places.partial("journal").stat().st_size:  # or all is in its place already
            if already:
                refuse_other(places, state)
            put_in_place(places, state, told)
        return Outcome(counts=counts, already=already, summary=told)

    def _made(self, partial: Partial) -> State:
        """The state of the whole output. What cannot be gone on with is removed."""
        try:
            with partial.open():
                self._write(partial)
            self._inputs.refuse_changed()
        except BaseException:
            if not self._inputs.again:
                discard(self._places)
            raise
        if not partial.state.counts.get("tagged") and not self._places.keep:
            discard(self._places)
            self._job.refuse_nothing(partial.state.counts)
        partial.complete(self._job.work)
        return partial.state

    def _write(self, partial: Partial) -> None:
        """Everything that is left to do; what was done when it fails is in the journal."""
        began = partial.state
        counts = Counter(began.counts)
        if not began.sizes.get("output"):
            first = header(self._job.work.rows, self._job.work.scheme())
            partial.add({"output": first}, began)
        start = noted = time.monotonic()
        try:
            with closing(_results(self._job, self._inputs, began)) as results:
                for mark, done in results:
                    counts += _heard(self._job, done, self._complain)
                    state = State(source=mark.source, place=mark.place, counts=dict(counts))
                    partial.add(done.streams, state)
                    now = time.monotonic()
                    if now - noted > max(_NOTE, _NOTE_SHARE * (now - start)):
                        partial.note()
                        noted = now
                    self._progress(counts["tagged"], mark.share)
        except (Exception, KeyboardInterrupt, SystemExit):
            with suppress(OSError):  # of a full disk: the journal tells what was on it before
                partial.note()
            raise
        partial.note()

    def _refuse_rejects(self, state: State) -> None:
        rejected = state.counts.get("rejected", 0)
        if self._job.strict and rejected:
            fix = "Leave --strict out to go on, or --overwrite when the articles are mended"
            raise InputError(self._job.output, f"{rejected} articles were rejected before", fix)
