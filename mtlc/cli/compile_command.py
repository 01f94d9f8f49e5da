"""`mtlc compile`: the module, what is shared and what it costs; or any box on the way, printed."""

from __future__ import annotations

import re
from pathlib import Path
from shlex import quote
from time import perf_counter

import click

from mtlc.cli.options import Options, Unwritable, note, read_spec, shared, show, source_of
from mtlc.cli.tasks import task_names
from mtlc.diagnostics import Diagnostics
from mtlc.expand import expand
from mtlc.graph import TaskGraph
from mtlc.parse import parse
from mtlc.passes import PIPELINE, run_passes
from mtlc.plan import inference, phases_text, plan, text
from mtlc.spec import Spec

EMITS = ("syntax", "spec", "graph", "plan", "python", "dot", "gradients")


@click.command("compile")
@click.argument("spec")
@click.option(
    "--emit", type=click.Choice(EMITS), help="Print this box of the pipeline instead of the summary."
)
@click.option("--after", metavar="PASS", help="Stop the passes after this one; with --emit graph.")
@click.option("--trace", is_flag=True, help="Print each pass: its time, its steps, and what it changed.")
@click.option("--tasks", metavar="A,B", help="Only these tasks; what they do not need is dropped.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    help="Write module.py, plan.txt, spec.mtl and graph.dot here.",
)
@shared
def command(
    spec: str,
    emit: str | None,
    after: str | None,
    trace: bool,
    tasks: str | None,
    out: Path | None,
    options: Options,
) -> None:
    """Turn SPEC into a torch.fx module; show its steps, what tasks share, and parameters and multiply-adds.

    Example: mtlc compile specs/nyud_sgw.mtl --emit python
    """
    if emit == "syntax":
        click.echo(_syntax(spec, options))
        return
    names = [each.__name__ for each in PIPELINE]
    if after is not None and after not in ("expand", *names):
        raise click.UsageError(f"there is no pass `{after}`; passes are {', '.join(['expand', *names])}")
    resolved, graph = read_spec(spec, options)
    if trace or after:
        graph = _walk(resolved, after, trace)
    wanted = task_names(tasks, graph.outputs)
    if wanted is not None:
        graph = inference(graph, wanted)
    if emit is not None:
        click.echo(emitted(emit, resolved, graph))
    elif not trace and not after:
        _summary(resolved, graph, spec, options)
    if out is not None:
        _write(out, resolved, graph, options)


def _syntax(spec: str, options: Options) -> str:
    from pprint import pformat

    diagnostics = Diagnostics()
    file = parse(source_of(spec), diagnostics)
    show(diagnostics, options, err=True)
    if diagnostics.failed:
        raise click.exceptions.Exit(1)
    return pformat(file.statements, width=110)


def _walk(spec: Spec, after: str | None, trace: bool) -> TaskGraph:
    """Run the passes again in sight of the user: they were checked before."""
    diagnostics = Diagnostics()
    start = expand(spec, diagnostics)
    if after == "expand":
        return start
    return run_passes(start, diagnostics, after=after, trace=_Trace() if trace else None)


class _Trace:
    """Prints each pass as it ends: its name, its time, its steps, and which steps it took out and put in."""

    def __init__(self) -> None:
        self.began = perf_counter()

    def __call__(self, name: str, before: TaskGraph, after: TaskGraph) -> None:
        spent = (perf_counter() - self.began) * 1000
        old, new = before.steps, after.steps
        click.echo(f"{name}: {spent:.1f} ms, {len(new)} steps")
        for sign, steps, others in (("-", old, new), ("+", new, old)):
            for step in steps.values():
                if step.name not in others or (step.reads, step.writes) != (
                    others[step.name].reads,
                    others[step.name].writes,
                ):
                    click.echo(f"  {sign} {', '.join(step.writes)} = {step.name}({', '.join(step.reads)})")
        self.began = perf_counter()


def emitted(what: str, spec: Spec, graph: TaskGraph) -> str:
    """One box of the pipeline as text, without the last newline."""
    if what == "spec":
        from mtlc.resolved import text as spec_text

        return spec_text(spec).rstrip("\n")
    if what == "graph":
        from mtlc.plan import graph_text

        return graph_text(graph).rstrip("\n")
    if what == "dot":
        from mtlc.render import dot

        return dot(graph, spec, "graph").rstrip("\n")
    if what == "plan":
        return text(plan(spec, graph)).rstrip("\n")
    if what == "gradients":
        return _gradients(spec, graph)
    from mtlc.lower import lower

    code = str(lower(plan(spec, graph)).infer.code)
    return re.sub(
        r";  (\w+ = )+None(?=\n)", "", code
    ).strip()  # fx frees each tensor; that is noise to a reader


def _gradients(spec: Spec, graph: TaskGraph) -> str:
    from mtlc.analyse.gradients import backward, table
    from mtlc.analyse.partition import partition

    found = partition(plan(spec, graph))
    return f"{table(found)}\n\n{backward(spec.gradients, found)}"


def _summary(spec: Spec, graph: TaskGraph, name: str, options: Options) -> None:
    from mtlc.analyse.alone import alone
    from mtlc.analyse.cost import cost
    from mtlc.analyse.table import table
    from mtlc.spec import only

    click.echo(table(cost(plan(spec, graph)), alone(only(spec, graph.outputs))))
    if spec.phases:
        click.echo("\n" + phases_text(spec.phases))
    note(f"Next: mtlc render {quote(name)} -o picture.svg, or mtlc run {quote(name)}", options)


def _write(out: Path, spec: Spec, graph: TaskGraph, options: Options) -> None:
    texts = {"spec.mtl": "spec", "plan.txt": "plan", "module.py": "python", "graph.dot": "dot"}
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, what in texts.items():
            (out / name).write_text(emitted(what, spec, graph) + "\n", encoding="utf-8")
    except OSError as error:
        raise Unwritable(out, error) from error
    note(f"wrote {', '.join(texts)} to {out}", options)
