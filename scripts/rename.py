"""Changes the project's name: `make rename NAME=acme`.

The name is one value in config/model.py. Everything that contains the name is derived from that value.
"""

import argparse
import ast
import io
import re
import sys
import tokenize
from collections.abc import Collection
from pathlib import Path

from config.checks import ConfigError
from config.project_name import check_project_name
from scripts.capabilities import MODEL, NOT_SEARCHED, optional, text_of
from scripts.checkout import ROOT, CheckoutError, make, require_clean, tracked

GENERATED = ("snapshots", "mark-released")


def main(arguments: list[str] | None = None, *, tree: Path = ROOT) -> None:
    """Renames the project and writes the generated files again. Exits with 1 if a file still contains the old name."""
    parser = argparse.ArgumentParser(prog="scripts.rename", description=__doc__)
    parser.add_argument("name")
    new = parser.parse_args(arguments).name
    try:
        check_project_name(new)
        for capability in set(new.split("-")) & set(optional(tree)):
            raise CheckoutError(
                f"{new} contains the name of a capability: `make remove CAPABILITY={capability}` would also find it."
            )
        old = name_in((tree / MODEL).read_text())
        if new == old:
            raise CheckoutError(f"The project's name is {old} already.")
        require_clean(tree)
    except (ConfigError, CheckoutError) as error:
        sys.exit(str(error))
    rename(new, tree)
    print(f"{old} is now {new} in {MODEL}. The generated files follow. This takes a few minutes.", flush=True)
    failed = [target for target in GENERATED if not make(target, tree)]
    found = occurrences(old, tree=tree, files=tracked(tree))
    for line in found:
        print(line)
    if found:
        print(f"\n{len(found)} lines still contain {old}. Derive each from `environment.project`, or reword it.")
    if failed:
        print(f"\nThese failed, see above: {', '.join(f'make {target}' for target in failed)}")
    if found or failed:
        sys.exit(1)
    print(f"\nThe project's name is {new}. Read `git diff`, run `make check test-fast`, then commit.")
    print("Deployed stacks keep their old names: the next deployment creates new stacks and leaves the old ones.")


def name_in(model: str) -> str:
    """The project's name in the source of config/model.py."""
    return str(ast.literal_eval(model[slice(*_value(model))]))


def rename(new: str, tree: Path) -> None:
    """Changes the value in config/model.py."""
    model = (tree / MODEL).read_text()
    start, end = _value(model)
    (tree / MODEL).write_text(f'{model[:start]}"{new}"{model[end:]}')


def _value(model: str) -> tuple[int, int]:
    """Start and end of the default of `project` in the class Environment. Raises CheckoutError if there is none."""
    found = re.search(r'(?m)^    project: str = ("[^"\n]*")$', model)
    if found is None:
        raise CheckoutError(f'{MODEL} has no line `project: str = "..."` in the class Environment.')
    return found.span(1)


def occurrences(name: str, *, tree: Path, files: Collection[str]) -> list[str]:
    """The lines that contain the project's name, as `file:line: text`, outside of `NOT_SEARCHED`.

    An ordinary word of a sentence doesn't count ("a small shop", "a shop's partners"), nor does a Python identifier.
    """
    word = re.compile(rf"(?i)(?<![a-z0-9_]){re.escape(name)}(?![a-z0-9_])")
    sentence = re.compile(rf"(?im)(?:^|(?<=[\s(])){re.escape(name)}(?='s\b|'?[\s,;)\"]|[.:!?](?:\s|\"|$)|$)")
    found = [f"{path}: the path" for path in sorted(files) if word.search(path)]
    for path in sorted(files):
        text = text_of(tree / path)
        if path in NOT_SEARCHED or text is None or not word.search(text):
            continue
        rest = _without_identifiers(text, word) if path.endswith(".py") else text
        lines = enumerate(zip(sentence.sub("", rest).split("\n"), text.split("\n"), strict=True), 1)
        found += [f"{path}:{number}: {line.strip()[:160]}" for number, (left, line) in lines if word.search(left)]
    return found


def _without_identifiers(source: str, word: re.Pattern[str]) -> str:
    lines = source.split("\n")
    for token in reversed(list(tokenize.generate_tokens(io.StringIO(source).readline))):
        if token.type == tokenize.NAME and word.fullmatch(token.string):
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column] + lines[row - 1][token.end[1] :]
    # Before Python 3.12, an f-string is one token. This deletes the identifiers in its braces.
    return re.sub(r"\{[\w.]*", lambda name: word.sub("", name.group()), "\n".join(lines))


if __name__ == "__main__":
    main()
