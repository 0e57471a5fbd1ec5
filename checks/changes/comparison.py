"""The differences between two templates of a stack: resources that are added, removed or changed, by property."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from checks.changes.comparable import metadata
from checks.templates import Resource, ResourceId, Templates, intrinsic

_ATTRIBUTES = (
    "Type",
    "Condition",
    "CreationPolicy",
    "DeletionPolicy",
    "DependsOn",
    "UpdatePolicy",
    "UpdateReplacePolicy",
)
NOT_SET = "(not set)"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One value that changed."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """The differences of a resource that both templates contain."""

    type: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The differences of one stack: its resources, and the rest of its template."""

    added: Mapping[ResourceId, Resource]
    removed: Mapping[ResourceId, Resource]
    changed: Mapping[ResourceId, Change]
    rest: tuple[Difference, ...]

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not (self.added or self.removed or self.changed or self.rest)


def compare(old: Templates, new: Templates, stack: str) -> Comparison:
    """Compares the stack's templates; a missing stack counts as empty."""
    before = {id_: resource for id_, resource in old.resources().items() if id_.stack == stack}
    after = {id_: resource for id_, resource in new.resources().items() if id_.stack == stack}
    differ = _Differ(old=old, new=new, stack=stack)
    changed = {
        id_: Change(type=resource["Type"], differences=tuple(differ.resources(before[id_], resource)))
        for id_, resource in after.items()
        if id_ in before
    }
    return Comparison(
        added={id_: resource for id_, resource in after.items() if id_ not in before},
        removed={id_: resource for id_, resource in before.items() if id_ not in after},
        changed={id_: change for id_, change in changed.items() if change.differences},
        rest=tuple(differ.rest()) if stack in old.stacks and stack in new.stacks else (),
    )


@dataclass(frozen=True, kw_only=True)
class _Differ:
    """Compares two values at the same path, recursively."""

    old: Templates
    new: Templates
    stack: str

    def resources(self, was: Resource, is_: Resource) -> Iterator[Difference]:
        for name in _ATTRIBUTES:
            yield from self.values(name, was.get(name), is_.get(name))
        yield from self.values("Metadata", metadata(was), metadata(is_))
        yield from self.values("", was.get("Properties", {}), is_.get("Properties", {}))

    def rest(self) -> Iterator[Difference]:
        """Parameters, conditions and so on. Outputs that the CDK creates are left out: they follow their resources."""
        was, is_ = ({**side.stacks[self.stack], "Resources": {}} for side in (self.old, self.new))
        for template in (was, is_):
            outputs = template.get("Outputs", {}).items()
            template["Outputs"] = {name: output for name, output in outputs if not name.startswith("PublishOutput")}
        yield from self.values("", was, is_)

    def values(self, path: str, was: Any, is_: Any) -> Iterator[Difference]:
        was, is_ = _tags(path, was), _tags(path, is_)
        if self._before(was) == self._after(is_):
            return
        if _plain(was, Mapping) and _plain(is_, Mapping):
            for key in sorted(was.keys() | is_.keys()):
                yield from self.values(f"{path}.{key}" if path else key, was.get(key), is_.get(key))
        elif isinstance(was, list) and isinstance(is_, list):
            yield from self._lists(path, was, is_)
        else:
            yield Difference(path=path, old=self._before(was), new=self._after(is_))

    def _lists(self, path: str, was: list[Any], is_: list[Any]) -> Iterator[Difference]:
        """Compares items by content: their order counts only if nothing else differs."""
        before, after = [self._before(item) for item in was], [self._after(item) for item in is_]
        removed = [item for item, text in zip(was, before, strict=True) if text not in after]
        added = [item for item, text in zip(is_, after, strict=True) if text not in before]
        if not removed and not added:
            yield Difference(path=path, old=", ".join(before), new=", ".join(after))
            return
        pairs = list(zip(removed, added, strict=True)) if len(removed) == len(added) else _same_names(removed, added)
        for one, other in pairs:
            yield from self.values(f"{path}[{is_.index(other)}]", one, other)
        for item in removed:
            if all(item is not one for one, _ in pairs):
                yield Difference(path=f"{path}[]", old=self._before(item), new=NOT_SET)
        for item in added:
            if all(item is not other for _, other in pairs):
                yield Difference(path=f"{path}[]", old=NOT_SET, new=self._after(item))

    def _before(self, value: Any) -> str:
        return NOT_SET if value is None else self.old.text(value, self.stack)

    def _after(self, value: Any) -> str:
        return NOT_SET if value is None else self.new.text(value, self.stack)


def _same_names(removed: list[Any], added: list[Any]) -> list[tuple[Any, Any]]:
    """Pairs of items with the same name, if it is unique on both sides."""
    named = [[(_name(item), item) for item in items if _name(item)] for items in (removed, added)]
    counts = [Counter(name for name, _ in items) for items in named]
    once = {name for name in counts[0] if counts[0][name] == counts[1][name] == 1}
    after = dict(named[1])
    return [(item, after[name]) for name, item in named[0] if name in once]


def _name(item: Any) -> str:
    """The name of a list item: the Sid of a statement, the key of a tag, the id of a rule."""
    if not isinstance(item, Mapping):
        return ""
    return next((str(item[name]) for name in ("Sid", "Key", "Id", "Name") if isinstance(item.get(name), str)), "")


def _tags(path: str, value: Any) -> Any:
    """A list of tags as a mapping; any other value unchanged."""
    if (
        path.endswith("Tags")
        and isinstance(value, list)
        and all(isinstance(tag, Mapping) and "Key" in tag for tag in value)
    ):
        return {str(tag["Key"]): tag.get("Value") for tag in value}
    return value


def _plain(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not intrinsic(value)
