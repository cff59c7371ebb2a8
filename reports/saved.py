"""Commands on saved reports, without a model: `memtests render | compare | rescore FILE …`; and
`memtests schema`, which prints the JSON Schema of recall.json, made from the types.
"""

import argparse
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from memtests.fixtures.locales import escape_output
from memtests.fixtures.usage import OneLineParser
from memtests.plugins.traces import Trace
from memtests.reports.counting.memories import FIFTY, Protocol, remembered
from memtests.reports.gating.baselines import MismatchError
from memtests.reports.gating.comparing import saved_comparisons
from memtests.reports.gating.conclusion import Conclusion
from memtests.reports.joining import joined, joined_traces, left_out
from memtests.reports.page.maps import Kept
from memtests.reports.page.page import render_page
from memtests.reports.report import Report, encode, write_whole
from memtests.reports.report_files import ReportError, read_report
from memtests.reports.report_folder import DATA, PAGE, SUMMARY, write_certificate
from memtests.reports.rescoring import changed_rows, refusal, rescored
from memtests.reports.text.certificate import CERTIFICATE
from memtests.reports.text.markdown import render_summary
from memtests.reports.text.phrases import number_of
from memtests.reports.text.terminal import columns, sections
from memtests.reports.trace_files import (
    TRACES,
    encode_traces,
    of_this_run,
    read_traces,
    said_strange,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0, or 2 for a file that cannot be used."""
    escape_output()
    given = _parser().parse_args(arguments)
    if given.command == "schema":
        sys.stdout.write(schema(_SCHEMAS[given.of]))
        return 0
    return exit_status(given.command, lambda: _do(given))


def exit_status(command: str, work: Callable[[], object], *refusals: type[Exception]) -> int:
    """Do the work of a command on saved reports. The exit status: 0, or 2 after a line on a file
    that cannot be used. `refusals`: this command's own errors of that kind.
    """
    every: tuple[type[Exception], ...] = (ReportError, MismatchError, *refusals)
    try:
        work()
    except every as error:
        print(f"{command} {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader has closed the pipe: `memtests render … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}; name another folder"
        print(f"--recall-report {reason}", file=sys.stderr)
        return 2
    return 0


def _do(given: argparse.Namespace) -> None:
    reports = read_all(given.files)
    folder = given.recall_report
    traces = {file: _traces_of(file, report) for file, report in reports.items()}
    if given.command == "rescore":
        if why := refusal(reports[given.files[0]]):
            raise ReportError(f"{given.files[0]}: {why}")
        _rescore(reports[given.files[0]], folder, traces[given.files[0]])
    elif given.command == "compare":
        _compare(reports, traces, folder or Path("reports/compared"))
    else:
        file = Path(given.files[0])
        told, protocol = traces[given.files[0]], parse_protocol(given.protocol)
        _show(reports[given.files[0]], folder or file.parent, file, told, protocol)
        write_certificate(folder or file.parent, reports[given.files[0]])


def _traces_of(file: str, report: Report) -> Sequence[Trace]:
    """The traces beside a report that are its own. A line says if others are left out."""
    folder = Path(file).parent
    hashes = {model.name: model.traces for model in report.models}
    traces, strange = of_this_run(hashes, read_traces(folder))
    if strange:
        print(said_strange(folder, strange))
    return traces


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(prog="memtests", description="Saved recall reports, without a model.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, count, text, default in (
        ("render", 1, "make the page and the table of a recall.json again", "beside the file"),
        ("compare", "+", "several recall.json side by side, on one page", "reports/compared"),
        ("rescore", 1, "judge the completions of a recall.json again", "nothing is written"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("files", nargs=count, metavar="FILE", help="a recall.json")
        command.add_argument(
            "--recall-report",
            metavar="DIR",
            type=Path,
            help=f"where the reports go (default: {default})",
        )
        if name == "render":
            command.add_argument(
                "--protocol",
                metavar="GIVEN/ASKED",
                default="50/50",
                help="of texts that are long enough, how many of the next ASKED tokens follow from "
                "the first GIVEN (default: 50/50)",
            )
    text = "print the JSON Schema of recall.json, or of a line of traces.jsonl"
    command = commands.add_parser("schema", help=text, description=text)
    command.add_argument("of", nargs="?", choices=[*_SCHEMAS], default="recall", help=text)
    return parser


def read_all(files: Sequence[str]) -> dict[str, Report]:
    """File → report. Raises ReportError."""
    places = [Path(file).resolve() for file in files]
    for file, place in zip(files, places, strict=True):
        if places.count(place) > 1:
            raise ReportError(f"{file}: named twice; name another recall.json")
    return {file: read_report(file) for file in files}


_SCHEMAS: Mapping[str, type[msgspec.Struct]] = {"recall": Report, "traces": Trace}


def schema(kind: type[msgspec.Struct] = Report) -> str:
    """The JSON Schema of a report, as `reports/recall.schema.json` holds it; or of a trace."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    found = dialect | msgspec.json.schema(kind)
    return msgspec.json.format(msgspec.json.encode(found), indent=1).decode() + "\n"


def parse_protocol(text: str) -> Protocol:
    """A protocol from GIVEN/ASKED. Raises ReportError."""
    found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
    if not found or not int(found[1]) or not int(found[2]):
        raise ReportError(
            f"--protocol {text!r}: write two numbers of tokens from 1 on, like 50/50: how many are "
            "given and how many asked for"
        )
    return Protocol(int(found[1]), int(found[2]))


def _write(report: Report, folder: Path, traces: Sequence[Trace]) -> None:
    """Write the report with its traces, its page and its summary, and print the tables. A
    certificate in the folder is removed: it belonged to another report.
    """
    write_whole(folder / DATA, encode(report))
    (folder / CERTIFICATE).unlink(missing_ok=True)
    if traces:
        write_whole(folder / TRACES, encode_traces(traces))
    else:
        (folder / TRACES).unlink(missing_ok=True)
    _show(report, folder, folder / DATA, traces)


def _show(
    report: Report,
    folder: Path,
    data: Path,
    traces: Sequence[Trace],
    protocol: Protocol = FIFTY,
) -> None:
    """Write the page and the summary, and print the tables."""
    found = remembered(report, traces, protocol)
    conclusion = Conclusion(
        *(report, saved_comparisons(report), 0, False, None, report.problems), remembered=found
    )
    page = render_page(report, report.problems, Kept(traces), found)
    write_whole(folder / PAGE, page.encode())
    write_whole(folder / SUMMARY, render_summary(conclusion).encode())
    for title, lines in sections(conclusion, False, folder / PAGE, data):
        print(f"{title}\n\n" + "\n".join(lines) + "\n")


def _compare(
    reports: Mapping[str, Report], traces: Mapping[str, Sequence[Trace]], folder: Path
) -> None:
    """Write and show one report on the models of several. Raises ReportError or MismatchError."""
    (first, *others) = reports
    if not others:
        raise ReportError(
            f"{first}: one file alone; name another one to compare it with, or look at it with "
            f"memtests render {first}"
        )
    if (folder / DATA).resolve() in {Path(file).resolve() for file in reports}:
        raise ReportError(
            f"{folder / DATA}: the comparison would be written over it; name another folder with "
            "--recall-report DIR"
        )
    _write(joined(reports), folder, joined_traces(reports, traces))
    for line in left_out(reports):
        print(line)


def _rescore(report: Report, folder: Path | None, traces: Sequence[Trace]) -> None:
    new, changed = rescored(report)
    for line in columns(changed_rows(changed), left=5):
        print(line)
    total = number_of(len(new.verdicts), "verdict")
    print(f"{len(changed)} of {total} changed")
    if folder:
        _write(new, folder, traces)


if __name__ == "__main__":
    sys.exit(main())
