"""Which resources CloudFormation replaces, which move, and who reads an output that changes."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from checks.changes.comparable import content, path
from checks.changes.schemas import create_only
from checks.changes.stateful import STATEFUL
from checks.templates import Output, Place, Reference, Resource, Templates, intrinsic


@dataclass(frozen=True, kw_only=True)
class Replacement:
    """A resource that CloudFormation makes anew because of a property; `because` of another one where that is why."""

    place: Place
    type: str
    property: str
    old: str
    new: str
    certain: bool
    because: Place | None = None


@dataclass(frozen=True, kw_only=True, order=True)
class Reader:
    """A property, or an output, of another stack that reads an output."""

    place: Place
    property: str

    def __str__(self) -> str:
        return f"{self.place} ({self.property})"


@dataclass(frozen=True, kw_only=True)
class OutputChange:
    """An output that gets another value, or none (`new` is None), and its readers in other stacks.

    `stale` are those stacks among the readers' whose own template doesn't change: a deployment skips them, and they
    keep the old value. `broken` where a reader still asks for an output that is gone, so that its deployment fails.
    """

    output: Output
    old: str
    new: str | None
    because: Place | None
    readers: tuple[Reader, ...]
    stale: tuple[str, ...]
    broken: bool = False


def replacements(old: Templates, new: Templates) -> dict[Place, list[Replacement]]:
    """Every resource of both that is replaced, with each reason, following references from one to the next."""
    before = old.resources()
    stay = {place: resource for place, resource in new.resources().items() if place in before}
    found = {place: list(_direct(old, new, place, before[place], resource)) for place, resource in stay.items()}
    grew = True
    while grew:
        grew = False
        for place, resource in stay.items():
            for replacement in _inherited(old, new, place, resource, found):
                if all(known.property != replacement.property for known in found[place]):
                    found[place].append(replacement)
                    grew = True
    return {place: reasons for place, reasons in found.items() if reasons}


def moves(old: Templates, new: Templates) -> dict[Place, Place]:
    """Resources that are gone, by what they became: the same construct, the only one just like it, or of its state."""
    before, after = old.resources(), new.resources()
    gone = {place: resource for place, resource in before.items() if place not in after}
    come = {place: resource for place, resource in after.items() if place not in before}
    found: dict[Place, Place] = {}
    for likeness in (_by_path, _by_id, _by_properties, _by_name, _by_type):
        sources, targets = _grouped(old, gone, likeness), _grouped(new, come, likeness)
        for key, places in sources.items():
            if key and len(places) == 1 and len(targets.get(key, ())) == 1:
                found[places[0]] = targets[key][0]
                del gone[places[0]], come[targets[key][0]]
    return found


def readers(templates: Templates) -> dict[Output, list[Reader]]:
    """Who reads each output, by output: properties of resources, and outputs that hand it on."""
    found: dict[Output, list[Reader]] = defaultdict(list)
    for place, resource in templates.resources().items():
        for name, value in resource.get("Properties", {}).items():
            for output in dict.fromkeys(templates.reads(value)):
                found[output].append(Reader(place=place, property=name))
    for output, value in templates.outputs().items():
        for read in dict.fromkeys(templates.reads(value)):
            found[read].append(Reader(place=Place(stack=output.stack, id=output.name), property="an output"))
    return dict(found)


def consumers(templates: Templates, place: Place) -> list[Reader]:
    """Who in other stacks reads something of this resource, through whichever output."""
    told = {
        output
        for output, value in templates.outputs().items()
        if any(reference.place == place for reference in templates.references(value, output.stack))
    }
    return sorted({reader for output, all_ in readers(templates).items() if output in told for reader in all_})


def output_changes(old: Templates, new: Templates, replaced: Mapping[Place, list[Replacement]]) -> list[OutputChange]:
    """Outputs that other stacks read, then or now, whose value is not what it was."""
    before, after = old.outputs(), new.outputs()
    read_before, read_after = readers(old), readers(new)
    left = new.resources()
    found = []
    for output in sorted(before.keys() | (read_after.keys() - after.keys())):
        value, now = before.get(output), read_after.get(output, [])
        was = "" if value is None else old.text(value, output.stack)
        because = next((one.place for one in old.references(value, output.stack) if one.place not in left), None)
        if output in after:
            text = new.text(after[output], output.stack)
            because = because or _cause(old, new, after[output], output.stack, replaced)
            if now and (text != was or because):
                stacks = dict.fromkeys(reader.place.stack for reader in now)
                stale = tuple(stack for stack in stacks if content(old, stack) == content(new, stack))
                found.append(
                    OutputChange(output=output, old=was, new=text, because=because, readers=tuple(now), stale=stale)
                )
        # Readers of today fail; those of then use what it told until they are deployed, even where that is gone.
        elif now or (because and output in read_before):
            readers_ = tuple(now or read_before[output])
            found.append(
                OutputChange(
                    output=output, old=was, new=None, because=because, readers=readers_, stale=(), broken=bool(now)
                )
            )
    return found


def _cause(
    old: Templates, new: Templates, value: Any, stack: str, replaced: Mapping[Place, list[Replacement]]
) -> Place | None:
    """The resource whose replacement or change alters the value though its text stays."""
    for reference in new.references(value, stack):
        repeated = _repeated(old, new, reference)
        if repeated if repeated is not None else reference.place in replaced:
            return reference.place
    return None


def _repeated(old: Templates, new: Templates, reference: Reference) -> bool | None:
    """Whether an attribute changes that repeats a property, as Endpoint.Port is the Port that was asked for.

    None where it repeats none: then it changes when the resource is replaced.
    """
    name, place = reference.attribute.rpartition(".")[2], reference.place
    values = [side.resource(place).get("Properties", {}).get(name) for side in (old, new)]
    if not name or None in values:
        return None
    return old.text(values[0], place.stack) != new.text(values[1], place.stack)


def _direct(old: Templates, new: Templates, place: Place, was: Resource, is_: Resource) -> Iterator[Replacement]:
    """Create-only properties whose own text changes."""
    if was["Type"] != is_["Type"]:
        return
    for one in create_only(is_["Type"]):
        before = [old.text(value, place.stack) for value in one.values(was.get("Properties", {}))]
        after = [new.text(value, place.stack) for value in one.values(is_.get("Properties", {}))]
        if before != after:
            yield Replacement(
                place=place,
                type=is_["Type"],
                property=str(one),
                old=_listed(before),
                new=_listed(after),
                certain=one.certain,
            )


def _inherited(
    old: Templates, new: Templates, place: Place, resource: Resource, found: Mapping[Place, list[Replacement]]
) -> Iterator[Replacement]:
    """Create-only properties that refer to a resource which is replaced, or to a property of it that changes."""
    for one in create_only(resource["Type"]):
        for value in one.values(resource.get("Properties", {})):
            for reference in new.references(value, place.stack):
                repeated, reasons = _repeated(old, new, reference), found.get(reference.place, [])
                if repeated if repeated is not None else reasons:
                    text = new.text(value, place.stack)
                    yield Replacement(
                        place=place,
                        type=resource["Type"],
                        property=str(one),
                        old=text,
                        new=text,
                        certain=one.certain and (bool(repeated) or any(reason.certain for reason in reasons)),
                        because=reference.place,
                    )


def _listed(values: list[str]) -> str:
    return ", ".join(values) if values else "(not set)"


def _grouped(templates: Templates, resources: Mapping[Place, Resource], likeness: Any) -> dict[Any, list[Place]]:
    groups: dict[Any, list[Place]] = defaultdict(list)
    for place, resource in resources.items():
        groups[likeness(templates, place, resource)].append(place)
    return groups


def _by_path(templates: Templates, place: Place, resource: Resource) -> tuple[str, ...]:
    where = path(templates, place)
    return (resource["Type"], where) if where else ()


def _by_id(_templates: Templates, place: Place, resource: Resource) -> tuple[str, ...]:
    """In another stack; the CDK makes logical ids of the path inside the stack."""
    return (resource["Type"], place.id)


def _by_properties(_templates: Templates, _place: Place, resource: Resource) -> tuple[str, ...]:
    return (resource["Type"], _shape(resource.get("Properties", {})))


def _by_name(templates: Templates, place: Place, resource: Resource) -> tuple[str, ...]:
    """What holds state, by the construct's own id, wherever the construct went."""
    names = [part for part in path(templates, place).split("/") if part not in ("", "Resource")]
    return (resource["Type"], names[-1]) if names and resource["Type"] in STATEFUL else ()


def _by_type(_templates: Templates, _place: Place, resource: Resource) -> tuple[str, ...]:
    """What holds state, where no other of its type is gone or new."""
    return (resource["Type"],) if resource["Type"] in STATEFUL else ()


def _shape(value: Any) -> str:
    """The value without what names its place: references, and the tag that names its stack."""
    if isinstance(value, list):
        return "[" + ",".join(_shape(item) for item in value if not _is_stack_tag(item)) + "]"
    if isinstance(value, Mapping):
        if intrinsic(value) in ("Ref", "Fn::GetAtt", "Fn::GetStackOutput"):
            return "?"
        return "{" + ",".join(f"{key}:{_shape(value[key])}" for key in sorted(value)) + "}"
    return str(value)


def _is_stack_tag(item: Any) -> bool:
    return isinstance(item, Mapping) and item.get("Key") == "Stack"
