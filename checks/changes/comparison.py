"""What is different between two templates of a stack: resources that came, went or changed, and by which property."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from checks.changes.comparable import metadata
from checks.templates import Place, Resource, Templates, intrinsic

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
    """One value that is not what it was."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """A resource that both sides have, and how it differs."""

    type: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The resources of one stack that came, went or changed, and what else of its template did."""

    added: Mapping[Place, Resource]
    removed: Mapping[Place, Resource]
    changed: Mapping[Place, Change]
    besides: tuple[Difference, ...]

    @property
    def same(self) -> bool:
        """Whether nothing did."""
        return not (self.added or self.removed or self.changed or self.besides)


def compare(old: Templates, new: Templates, stack: str) -> Comparison:
    """Compares the stack's resources; a stack that one side lacks counts as empty there."""
    before = {place: resource for place, resource in old.resources().items() if place.stack == stack}
    after = {place: resource for place, resource in new.resources().items() if place.stack == stack}
    differ = _Differ(old=old, new=new, stack=stack)
    changed = {
        place: Change(type=resource["Type"], differences=tuple(differ.resources(before[place], resource)))
        for place, resource in after.items()
        if place in before
    }
    return Comparison(
        added={place: resource for place, resource in after.items() if place not in before},
        removed={place: resource for place, resource in before.items() if place not in after},
        changed={place: change for place, change in changed.items() if change.differences},
        besides=tuple(differ.besides()) if stack in old.stacks and stack in new.stacks else (),
    )


@dataclass(frozen=True, kw_only=True)
class _Differ:
    """Walks through two values of the same place side by side."""

    old: Templates
    new: Templates
    stack: str

    def resources(self, was: Resource, is_: Resource) -> Iterator[Difference]:
        for name in _ATTRIBUTES:
            yield from self.values(name, was.get(name), is_.get(name))
        yield from self.values("Metadata", metadata(was), metadata(is_))
        yield from self.values("", was.get("Properties", {}), is_.get("Properties", {}))

    def besides(self) -> Iterator[Difference]:
        """Parameters, conditions and the like; outputs that the CDK made follow their resources."""
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
        """Items are told apart by what they say: one that only moved is no difference, unless nothing else is."""
        before, after = [self._before(item) for item in was], [self._after(item) for item in is_]
        gone = [item for item, text in zip(was, before, strict=True) if text not in after]
        come = [item for item, text in zip(is_, after, strict=True) if text not in before]
        if not gone and not come:
            yield Difference(path=path, old=", ".join(before), new=", ".join(after))
            return
        pairs = list(zip(gone, come, strict=True)) if len(gone) == len(come) else _namesakes(gone, come)
        for one, other in pairs:
            yield from self.values(f"{path}[{is_.index(other)}]", one, other)
        for item in gone:
            if all(item is not one for one, _ in pairs):
                yield Difference(path=f"{path}[]", old=self._before(item), new=NOT_SET)
        for item in come:
            if all(item is not other for _, other in pairs):
                yield Difference(path=f"{path}[]", old=NOT_SET, new=self._after(item))

    def _before(self, value: Any) -> str:
        return NOT_SET if value is None else self.old.text(value, self.stack)

    def _after(self, value: Any) -> str:
        return NOT_SET if value is None else self.new.text(value, self.stack)


def _namesakes(gone: list[Any], come: list[Any]) -> list[tuple[Any, Any]]:
    """Items of both sides that go by the same name, which nobody else has."""
    named = [[(_name(item), item) for item in items if _name(item)] for items in (gone, come)]
    counts = [Counter(name for name, _ in items) for items in named]
    once = {name for name in counts[0] if counts[0][name] == counts[1][name] == 1}
    after = dict(named[1])
    return [(item, after[name]) for name, item in named[0] if name in once]


def _name(item: Any) -> str:
    """What a statement, a tag, a rule or another item of a list calls itself."""
    if not isinstance(item, Mapping):
        return ""
    return next((str(item[name]) for name in ("Sid", "Key", "Id", "Name") if isinstance(item.get(name), str)), "")


def _tags(path: str, value: Any) -> Any:
    """A list of tags as what it is, a mapping."""
    if (
        path.endswith("Tags")
        and isinstance(value, list)
        and all(isinstance(tag, Mapping) and "Key" in tag for tag in value)
    ):
        return {str(tag["Key"]): tag.get("Value") for tag in value}
    return value


def _plain(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not intrinsic(value)
