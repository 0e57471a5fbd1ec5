"""The report at the end of `make up`: what is deployed and loaded, and what to try next."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from .samples import LoadedFile, RejectedSampleRow, dataset_of, with_mistakes
from .state import StateFolder
from .toolchain import SERVICES_VENV

_MOST_REJECTS = 12


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The contents of the report."""

    stacks: list[str]
    recorded_only: dict[str, str]
    files: list[LoadedFile]
    rejects: list[RejectedSampleRow]
    services: list[str]  # lines from the capabilities' services


def render(summary: Summary, state: StateFolder) -> str:
    """The report as text."""
    lines = ["", f"Stacks deployed: {', '.join(summary.stacks)}"]
    if summary.recorded_only:
        lines.append("Resources that are only recorded in the local cloud:")
        lines += [f"  {name}: {why}" for name, why in summary.recorded_only.items()]
    else:
        lines.append("Every resource exists in the local cloud; none is only recorded.")
    lines += ["", "Files:"]
    lines += [
        f"  {each.key}  {each.status}, {each.rows_loaded} rows, {each.rows_rejected} rejected"
        + (f" ({each.reason})" if each.reason else "")
        for each in summary.files
    ]
    if summary.rejects:
        lines += ["", "Rejected rows:"]
        lines += [
            f"  {Path(each.key).name}, line {each.line_number}: {'; '.join(each.reasons)}"
            for each in summary.rejects[:_MOST_REJECTS]
        ]
        if len(summary.rejects) > _MOST_REJECTS:
            lines.append(f"  and {len(summary.rejects) - _MOST_REJECTS} more")
    if summary.services:
        lines += ["", *summary.services]
    return "\n".join([*lines, *_try_next(state)])


def _try_next(state: StateFolder) -> list[str]:
    env = _short(state.env)
    aws = f"{_short(SERVICES_VENV / 'bin' / 'python')} -m awscli"  # the script `aws` fails if its path has blanks
    sample = with_mistakes()
    return [
        "",
        "Try next:",
        f"  source {env}",
        f'  {aws} s3 cp {_short(sample)} "s3://$LANDING_BUCKET/${{INCOMING_PREFIX}}{dataset_of(sample)}/mine.csv"',
        f"  {aws} cloudformation list-stack-resources --stack-name <one of the stacks>",
        f"  logs of every process: {_short(state.logs)}/",
        "  make down",
    ]


def _short(path: Path) -> str:
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))
