"""Finds resources that CloudFormation replaces, resources that move, and readers of outputs that change."""

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from checks.changes.comparable import content, path
from checks.changes.schemas import create_only
from checks.changes.stateful import STATEFUL
from checks.templates import Output, Reference, Resource, ResourceId, Templates, intrinsic


@dataclass(frozen=True, kw_only=True)
class Replacement:
    """A reason why CloudFormation replaces a resource: a property; `because` names another resource that causes it."""

    type: str
    property: str
    old: str
    new: str
    certain: bool
    because: ResourceId | None = None


@dataclass(frozen=True, kw_only=True, order=True)
class OutputReader:
    """A property of a resource, or an output, that reads an output of another stack."""

    resource_id: ResourceId
    property: str

    def __str__(self) -> str:
        return f"{self.resource_id} ({self.property})"


@dataclass(frozen=True, kw_only=True)
class OutputChange:
    """An output whose value changes, or that is removed (`new` is None), and its readers in other stacks.

    `stale` are the reading stacks whose own templates don't change: a deployment skips them, and they keep the old
    value. It is `broken` if a reader still needs the removed output, so that the reader's deployment fails.
    """

    output: Output
    old: str
    new: str | None
    because: ResourceId | None
    readers: tuple[OutputReader, ...]
    stale: tuple[str, ...]
    broken: bool = False


def replacements(old: Templates, new: Templates) -> dict[ResourceId, list[Replacement]]:
    """Every resource that is replaced, with its reasons; a replaced resource may cause the replacement of others."""
    before = old.resources()
    kept = {id_: resource for id_, resource in new.resources().items() if id_ in before}
    found = {id_: list(_direct(old, new, id_, before[id_], resource)) for id_, resource in kept.items()}
    grew = True
    while grew:
        grew = False
        for id_, resource in kept.items():
            for replacement in _inherited(old, new, id_, resource, found):
                if all(known.property != replacement.property for known in found[id_]):
                    found[id_].append(replacement)
                    grew = True
    return {id_: reasons for id_, reasons in found.items() if reasons}


def moves(old: Templates, new: Templates) -> dict[ResourceId, ResourceId]:
    """The new id of each resource that moved: the same construct path, or the only resource that is similar enough."""
    before, after = old.resources(), new.resources()
    removed = {id_: resource for id_, resource in before.items() if id_ not in after}
    added = {id_: resource for id_, resource in after.items() if id_ not in before}
    found: dict[ResourceId, ResourceId] = {}
    for kind in ("path", "logical id", "properties", "own construct id", "type"):
        sources, targets = _grouped(old, removed, kind), _grouped(new, added, kind)
        for key, ids in sources.items():
            if len(ids) == 1 and len(targets.get(key, ())) == 1:
                found[ids[0]] = targets[key][0]
                del removed[ids[0]], added[targets[key][0]]
    return found


def readers(templates: Templates) -> dict[Output, list[OutputReader]]:
    """The readers of each output: properties of resources, and outputs that pass the value on."""
    found: dict[Output, list[OutputReader]] = defaultdict(list)
    for id_, resource in templates.resources().items():
        for name, value in resource.get("Properties", {}).items():
            for output in dict.fromkeys(templates.reads(value)):
                found[output].append(OutputReader(resource_id=id_, property=name))
    for output, value in templates.outputs().items():
        for read in dict.fromkeys(templates.reads(value)):
            found[read].append(
                OutputReader(resource_id=ResourceId(stack=output.stack, logical_id=output.name), property="an output")
            )
    return dict(found)


def consumers(templates: Templates, id_: ResourceId) -> list[OutputReader]:
    """The readers in other stacks of any attribute of this resource."""
    outputs = {
        output
        for output, value in templates.outputs().items()
        if any(reference.resource_id == id_ for reference in templates.references(value, output.stack))
    }
    return sorted({reader for output, all_ in readers(templates).items() if output in outputs for reader in all_})


def output_changes(
    old: Templates, new: Templates, replaced: Mapping[ResourceId, list[Replacement]]
) -> list[OutputChange]:
    """Outputs whose value changed, and that other stacks read before or read now."""
    before, after = old.outputs(), new.outputs()
    read_before, read_after = readers(old), readers(new)
    kept = new.resources()
    found = []
    for output in sorted(before.keys() | (read_after.keys() - after.keys())):
        if output not in before and output.stack not in new.stacks:
            continue  # of a stack that isn't one of these
        value, now = before.get(output), read_after.get(output, [])
        was = "" if value is None else old.text(value, output.stack)
        because = next(
            (one.resource_id for one in old.references(value, output.stack) if one.resource_id not in kept), None
        )
        if output in after:
            text = new.text(after[output], output.stack)
            because = because or _cause(old, new, after[output], output.stack, replaced)
            if now and (text != was or because):
                stacks = dict.fromkeys(reader.resource_id.stack for reader in now)
                stale = tuple(stack for stack in stacks if content(old, stack) == content(new, stack))
                found.append(
                    OutputChange(output=output, old=was, new=text, because=because, readers=tuple(now), stale=stale)
                )
        # Present readers fail. Former readers use the removed resource until they are deployed.
        elif now or (because and output in read_before):
            readers_ = tuple(now or read_before[output])
            found.append(
                OutputChange(
                    output=output, old=was, new=None, because=because, readers=readers_, stale=(), broken=bool(now)
                )
            )
    return found


def _cause(
    old: Templates, new: Templates, value: Any, stack: str, replaced: Mapping[ResourceId, list[Replacement]]
) -> ResourceId | None:
    """The resource whose replacement or change alters the value, although its text is the same."""
    return next(
        (one.resource_id for one in new.references(value, stack) if alters(old, new, one, replaced)),
        None,
    )


def alters(old: Templates, new: Templates, reference: Reference, replaced: Container[ResourceId]) -> bool:
    """Whether the reference has another value after the deployment, although its text is the same."""
    mirrored = _mirrored(old, new, reference)
    return mirrored if mirrored is not None else reference.resource_id in replaced


def _mirrored(old: Templates, new: Templates, reference: Reference) -> bool | None:
    """Whether an attribute that mirrors a property changes, as Endpoint.Port mirrors Port.

    None if it mirrors no property: then it changes if the resource is replaced.
    """
    name, id_ = reference.attribute.rpartition(".")[2], reference.resource_id
    values = [side.resource(id_).get("Properties", {}).get(name) for side in (old, new)]
    if not name or None in values:
        return None
    return old.text(values[0], id_.stack) != new.text(values[1], id_.stack)


def _direct(old: Templates, new: Templates, id_: ResourceId, was: Resource, is_: Resource) -> Iterator[Replacement]:
    """Reasons in the resource itself: create-only properties whose text changes."""
    if was["Type"] != is_["Type"]:
        return
    for one in create_only(is_):
        before = [old.text(value, id_.stack) for value in one.values(was.get("Properties", {}))]
        after = [new.text(value, id_.stack) for value in one.values(is_.get("Properties", {}))]
        if before != after:
            yield Replacement(
                type=is_["Type"],
                property=str(one),
                old=", ".join(before) or "(not set)",
                new=", ".join(after) or "(not set)",
                certain=one.certain,
            )


def _inherited(
    old: Templates, new: Templates, id_: ResourceId, resource: Resource, found: Mapping[ResourceId, list[Replacement]]
) -> Iterator[Replacement]:
    """Reasons in other resources: create-only properties that refer to a replaced resource or a changed property."""
    for one in create_only(resource):
        for value in one.values(resource.get("Properties", {})):
            for reference in new.references(value, id_.stack):
                mirrored, reasons = _mirrored(old, new, reference), found.get(reference.resource_id, [])
                if mirrored if mirrored is not None else reasons:
                    text = new.text(value, id_.stack)
                    yield Replacement(
                        type=resource["Type"],
                        property=str(one),
                        old=text,
                        new=text,
                        certain=one.certain and (bool(mirrored) or any(reason.certain for reason in reasons)),
                        because=reference.resource_id,
                    )


def _similarities(templates: Templates, id_: ResourceId, resource: Resource) -> dict[str, str]:
    """The values that a moved resource keeps, the surest sign first. A value that doesn't apply is empty."""
    stateful, where = resource["Type"] in STATEFUL, path(templates, id_)
    names = [part for part in where.split("/") if part not in ("", "Resource")]
    return {
        "path": where,
        # For moves to another stack: the CDK derives a logical id from the path inside the stack.
        "logical id": id_.logical_id,
        "properties": _shape(resource.get("Properties", {})),
        "own construct id": names[-1] if stateful and names else "",
        "type": resource["Type"] if stateful else "",
    }


def _grouped(
    templates: Templates, resources: Mapping[ResourceId, Resource], kind: str
) -> dict[tuple[str, str], list[ResourceId]]:
    """The resources by type and by this kind of similarity."""
    groups: dict[tuple[str, str], list[ResourceId]] = defaultdict(list)
    for id_, resource in resources.items():
        if similarity := _similarities(templates, id_, resource)[kind]:
            groups[resource["Type"], similarity].append(id_)
    return groups


def _shape(value: Any) -> str:
    """The value without what depends on its location: references, and the tag that names its stack."""
    if isinstance(value, list):
        return "[" + ",".join(_shape(item) for item in value if not _is_stack_tag(item)) + "]"
    if isinstance(value, Mapping):
        if intrinsic(value) in ("Ref", "Fn::GetAtt", "Fn::GetStackOutput"):
            return "?"
        return "{" + ",".join(f"{key}:{_shape(value[key])}" for key in sorted(value)) + "}"
    return str(value)


def _is_stack_tag(item: Any) -> bool:
    return isinstance(item, Mapping) and item.get("Key") == "Stack"
