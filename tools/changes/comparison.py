"""What is different between two templates of a stack: resources that came, went or changed, and by which property."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools.changes.templates import Place, Resource, Templates, intrinsic

_ATTRIBUTES = ("Type", "Condition", "CreationPolicy", "DeletionPolicy", "DependsOn", "UpdatePolicy", "UpdateReplacePolicy")
_NOT_SET = "(not set)"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One value that is not what it was."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The resources of one stack that came, went or changed."""

    added: Mapping[Place, Resource]
    removed: Mapping[Place, Resource]
    changed: Mapping[Place, tuple[Difference, ...]]

    @property
    def same(self) -> bool:
        """Whether nothing did."""
        return not (self.added or self.removed or self.changed)


def compare(old: Templates, new: Templates, stack: str) -> Comparison:
    """Compares the stack's resources; a stack that one side lacks counts as empty there."""
    before = {place: resource for place, resource in old.resources().items() if place.stack == stack}
    after = {place: resource for place, resource in new.resources().items() if place.stack == stack}
    changed = {
        place: tuple(_resource(old, new, stack, before[place], resource))
        for place, resource in after.items()
        if place in before
    }
    return Comparison(
        added={place: resource for place, resource in after.items() if place not in before},
        removed={place: resource for place, resource in before.items() if place not in after},
        changed={place: differences for place, differences in changed.items() if differences},
    )


def _resource(old: Templates, new: Templates, stack: str, was: Resource, is_: Resource) -> Iterator[Difference]:
    for name in _ATTRIBUTES:
        yield from _values(old, new, stack, name, was.get(name), is_.get(name))
    yield from _values(old, new, stack, "Metadata", _metadata(was), _metadata(is_))
    yield from _values(old, new, stack, "", was.get("Properties", {}), is_.get("Properties", {}))


def _metadata(resource: Resource) -> dict[str, Any]:
    """Without what the CDK notes for its own tools."""
    return {key: value for key, value in resource.get("Metadata", {}).items() if not key.startswith("aws:")}


def _values(old: Templates, new: Templates, stack: str, path: str, was: Any, is_: Any) -> Iterator[Difference]:
    was, is_ = _tags(path, was), _tags(path, is_)
    if old.text(was, stack) == new.text(is_, stack):
        return
    if _plain(was, Mapping) and _plain(is_, Mapping):
        for key in sorted(was.keys() | is_.keys()):
            yield from _values(old, new, stack, f"{path}.{key}" if path else key, was.get(key), is_.get(key))
    elif isinstance(was, list) and isinstance(is_, list):
        yield from _lists(old, new, stack, path, was, is_)
    else:
        texts = (_NOT_SET if one is None else side.text(one, stack) for side, one in ((old, was), (new, is_)))
        before, after = texts
        yield Difference(path=path, old=before, new=after)


def _lists(
    old: Templates, new: Templates, stack: str, path: str, was: list[Any], is_: list[Any]
) -> Iterator[Difference]:
    """Items are told apart by what they say: one that only moved is no difference, unless nothing else is."""
    before, after = [old.text(item, stack) for item in was], [new.text(item, stack) for item in is_]
    gone = [item for item, text in zip(was, before, strict=True) if text not in after]
    come = [item for item, text in zip(is_, after, strict=True) if text not in before]
    if not gone and not come:
        yield Difference(path=path, old=", ".join(before), new=", ".join(after))
    elif len(gone) == len(come):
        for one, other in zip(gone, come, strict=True):
            yield from _values(old, new, stack, f"{path}[{is_.index(other)}]", one, other)
    else:
        for item in gone:
            yield Difference(path=f"{path}[]", old=old.text(item, stack), new=_NOT_SET)
        for item in come:
            yield Difference(path=f"{path}[]", old=_NOT_SET, new=new.text(item, stack))


def _tags(path: str, value: Any) -> Any:
    """A list of tags as what it is, a mapping."""
    if path.endswith("Tags") and isinstance(value, list) and all(isinstance(tag, Mapping) and "Key" in tag for tag in value):
        return {str(tag["Key"]): tag.get("Value") for tag in value}
    return value


def _plain(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not intrinsic(value)
