"""What ``sam package`` does: local folders and files become objects in S3, and the template refers to those.

The template stays as it is otherwise. Zips are the same, byte for byte, for the same sources.
"""

from __future__ import annotations

import copy
import hashlib
import importlib.util
import io
import json
import marshal
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.aws.clients import ACCOUNT
from local.aws.template import Template, read_template

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)
_HASHED_UNCHECKED = 0b01  # PEP 552: the compiled file holds its source's hash, and nobody compares it

_PACKAGED_PROPERTIES = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
    "AWS::Serverless::StateMachine": "DefinitionUri",
}


@dataclass(frozen=True, slots=True)
class Package:
    """A template that refers to S3, and what must lie there.

    Attributes
    ----------
    body
        The template as JSON, which CloudFormation reads as well as YAML.
    artefacts
        Object key to content.
    """

    body: str
    artefacts: Mapping[str, bytes]


def package(template: Path, bucket: str, stack: str, parameters: Mapping[str, str]) -> Package:
    """Package a SAM template for an artefact bucket.

    Besides, two things are written in that MiniStack would get wrong: see `_name_buckets` and `_write_in_concurrency`.

    Parameters
    ----------
    template
        The template's file; local paths in it are relative to its folder.
    bucket
        The bucket that the artefacts will be put into.
    stack
        The stack's name.
    parameters
        The stack's parameters.

    Raises
    ------
    ValueError
        A local path in the template does not exist, or a state machine is not written in JSON.
    """
    packaged = copy.deepcopy(read_template(template))
    artefacts: dict[str, bytes] = {}
    for logical_id, resource in packaged["Resources"].items():
        name = _PACKAGED_PROPERTIES.get(resource.get("Type"))
        location = resource.get("Properties", {}).get(name) if name else None
        if name is None or not isinstance(location, str) or location.startswith("s3://"):
            continue
        source = template.parent / location
        if not source.exists():
            raise ValueError(f"{template}: {logical_id}.{name} is {location!r}, but {source} does not exist.")
        if name == "DefinitionUri":
            content, suffix = _definition(source), "json"
        elif name == "ContentUri":
            content, suffix = _layer(source, built="BuildMethod" in resource.get("Metadata", {})), "zip"
        else:
            content, suffix = zip_folder(source), "zip"
        key = f"{hashlib.sha256(content).hexdigest()[:32]}.{suffix}"
        artefacts[key] = content
        resource["Properties"][name] = f"s3://{bucket}/{key}"
    _name_buckets(packaged, stack)
    _write_in_concurrency(packaged, parameters)
    return Package(json.dumps(packaged), artefacts)


def zip_folder(folder: Path, prefix: str = "") -> bytes:
    """Zip a folder's files under a prefix, with its Python modules compiled as well.

    Every worker unpacks its own copy of function and layers. Without the compiled files each would compile all the
    modules again, since ``__pycache__`` has to lie beside the sources.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in _files(folder):
            name = f"{prefix}{path.relative_to(folder).as_posix()}"
            _add(archive, name, path.read_bytes())
            if path.suffix == ".py":
                _add(archive, importlib.util.cache_from_source(name), _compiled(name, path.read_bytes()))
        if not archive.namelist():
            _add(archive, f"{prefix}.keep", b"")
    return buffer.getvalue()


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files to ship, in an order that does not depend on the file system."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)


def _compiled(name: str, source: bytes) -> bytes:
    """Compile a module for the interpreter that runs this (PEP 552: magic, flags, hash of the source, code)."""
    code = compile(source, name, "exec", dont_inherit=True)
    flags = _HASHED_UNCHECKED.to_bytes(4, "little")
    return importlib.util.MAGIC_NUMBER + flags + importlib.util.source_hash(source) + marshal.dumps(code)


def _layer(folder: Path, *, built: bool) -> bytes:
    """Zip a layer.

    A layer that SAM builds holds either a Python package of ours, or third-party packages. The former is shipped under
    ``python/``; the latter are installed where the engine's own interpreter finds them, and their layer stays empty.
    One that SAM has built is shipped as it is.
    """
    if not built or (folder / "python").is_dir():
        return zip_folder(folder)
    if (folder / "__init__.py").exists():
        return zip_folder(folder, f"python/{folder.resolve().name}/")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        _add(archive, "python/.keep", b"")
    return buffer.getvalue()


def _definition(file: Path) -> bytes:
    """Read a state machine; MiniStack takes YAML without a word and then fails every execution."""
    content = file.read_bytes()
    try:
        json.loads(content)
    except ValueError as error:
        raise ValueError(f"{file} must be JSON: the local engine cannot run a YAML definition ({error}).") from error
    return content


def _name_buckets(template: Template, stack: str) -> None:
    """Name the buckets that the template leaves unnamed.

    MiniStack draws a new name for such a bucket in every new stack, and kept objects are found again by it.
    """
    for logical_id, resource in template["Resources"].items():
        if resource.get("Type") == "AWS::S3::Bucket":
            resource.setdefault("Properties", {}).setdefault("BucketName", f"{stack}-{logical_id}-{ACCOUNT}".lower())


def _write_in_concurrency(template: Template, parameters: Mapping[str, str]) -> None:
    """Replace ``MaximumConcurrency: !Ref Parameter`` by the number.

    MiniStack hands parameters on as text, and text there stops the poller of every event source mapping. All other
    properties cope with it.
    """
    declared = template.get("Parameters", {})

    def visit(node: Any) -> None:  # noqa: ANN401  (any part of a template)
        children: list[Any] = []
        if isinstance(node, dict):
            concurrency = node.get("MaximumConcurrency")
            if isinstance(concurrency, dict) and concurrency.get("Ref") in declared:
                name = concurrency["Ref"]
                node["MaximumConcurrency"] = int(parameters.get(name, declared[name].get("Default")))
            children = list(node.values())
        elif isinstance(node, list):
            children = node
        for child in children:
            visit(child)

    visit(template["Resources"])
