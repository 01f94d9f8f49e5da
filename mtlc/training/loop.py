"""Training and rehearsing a model: what begins a run, and what ends it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from mtlc.lower import Model
from mtlc.training import meeting, processes
from mtlc.training.board import copied_to, require_tensorboard
from mtlc.training.device import choose
from mtlc.training.diary import Diary
from mtlc.training.errors import USAGE, RunError
from mtlc.training.failures import clear_data_errors
from mtlc.training.initial import initial
from mtlc.training.interrupt import on_interrupt
from mtlc.training.phases import rehearsal, shortened
from mtlc.training.report import Report, Several, Silent
from mtlc.training.resume import resumed
from mtlc.training.run_folder import RunFolder
from mtlc.training.scores import Result
from mtlc.training.trainer import Trainer


@meeting.joined()
def train(
    model: Model,
    out: Path | str,
    *,
    device: str = "auto",
    resume: bool = False,
    steps: int | None = None,
    report: Report | None = None,
    tensorboard: bool = False,
    init: Path | str | None = None,
) -> Result:
    """Train a model into a run folder; at the end evaluate the kept weights once on the test split.

    `resume` goes on with the run that lies in `out`, from its last checkpoint; on a CPU it then ends bit for
    bit as if it had never stopped (with the same number of threads). `steps` takes the place of
    `train.steps`; a run with phases ends after so many in all. The model ends with the kept weights: the best
    ones on the validation split, or the last without one. Ctrl-C and SIGTERM end it after a step, with a
    checkpoint and an `interrupted` result. `init` names a run, or a checkpoint file, whose weights are the first
    ones where steps and shapes are equal; what matched is told and written into the run folder.
    `tensorboard` writes event files too; a run that has some goes on with them.

    Several processes that a launcher started train together: each calls this, with a model of its own, and gets the
    same result. Only the first one writes, and tells `report`. Raises `RunError`, in all of them.
    """
    plan = shortened(model.plan, steps)
    folder, where = RunFolder(processes.shared(Path(out))), meeting.on(choose(device))
    board = folder.board if tensorboard or (resume and folder.board.exists()) else None
    if board:
        require_tensorboard()
    if resume and init is not None:
        raise RunError("a run that is resumed has weights already", "leave `init` or `resume` out", USAGE)
    state = resumed(folder, plan) if resume else None
    first = None if init is None else initial(model, Path(init))
    diary = Diary(folder.log)
    report = Several([diary, report or Silent()]) if processes.first() else Silent()
    try:
        with on_interrupt() as stop, clear_data_errors():
            trainer = Trainer(model, plan, folder, where, report)
            with closing(trainer):
                trainer.restore(state) if state else trainer.begin(first)
                board = board if processes.first() else None
                with closing(trainer.record), copied_to(board, trainer.record):
                    return trainer.run(stop)
    except Exception as error:
        diary.failed(str(error) or type(error).__name__)
        raise
    finally:
        report.close()


@meeting.joined()
def rehearse(
    model: Model, *, device: str = "auto", report: Report | None = None, init: Path | str | None = None
) -> None:
    """Take one step (of each phase) on the real data: nothing is evaluated or kept. Raises `RunError`."""
    report = report if report and processes.first() else Silent()
    where = meeting.on(choose(device))
    first = None if init is None else initial(model, Path(init))
    try:
        with TemporaryDirectory() as gone, clear_data_errors():
            trainer = Trainer(model, rehearsal(model.plan), RunFolder(Path(gone)), where, report)
            with closing(trainer):
                trainer.begin(first)
                with closing(trainer.record):
                    trainer.all_steps()
    finally:
        report.close()
