"""What `sam build` makes: for Lambda, and the same for this machine, so that it can be run."""

import functools
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from local.aws.template import Template, read_template
from tests.handlers import ROOT

SAM = ROOT / ".venv-lint" / "bin" / "sam"
BUILDS = ROOT / ".aws-sam" / "tested"
"""Kept from one run to the next, as SAM's cache is: who changes nothing builds nothing."""

HOST_ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine()]
HOST_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
INTERPRETER = f"{sys.base_prefix}/bin/python{HOST_PYTHON}"
"""This interpreter without its virtual environment."""

LOCKS = {
    "SharedLayer": "core.txt",
    "WebhookLayer": "webhook.txt",
    "WorkflowLayer": "workflow.txt",
    "MediaLayer": "media.txt",
}


@dataclass(frozen=True, slots=True)
class Build:
    """One build's template, which refers to the parts that lie beside it, and what stands in it."""

    template: Path
    contents: Template

    @property
    def resources(self) -> dict[str, Any]:
        """The template's resources."""
        resources: dict[str, Any] = self.contents["Resources"]
        return resources

    def function(self, name: str) -> Path:
        """Return the folder that becomes ``/var/task``."""
        return self.template.parent / str(self.resources[name]["Properties"]["CodeUri"])

    def layer(self, name: str) -> Path:
        """Return the folder that becomes ``/opt/python``, together with those of other layers."""
        return self.template.parent / str(self.resources[name]["Properties"]["ContentUri"]) / "python"

    def layers(self, function: str) -> list[Path]:
        """Return the layers of a function, in their order."""
        of_all = self.contents["Globals"]["Function"]["Layers"]
        own = self.resources[function]["Properties"]["Layers"]
        return [self.layer(layer["Ref"]) for layer in [*of_all, *own]]

    def size(self, function: str) -> int:
        """Return the bytes of a function and its layers, unpacked."""
        folders = [self.function(function), *self.layers(function)]
        return sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())


@functools.cache
def sam_build(architecture: str, python: str) -> Build:
    """Build for an architecture, as `sam deploy` wants it, and for a Python; once in a process."""
    folder = BUILDS / f"{architecture}-python{python}"
    subprocess.run(
        [
            *(SAM, "build", "--cached", "--cache-dir", folder / "cache", "--build-dir", folder / "build"),
            *("--parameter-overrides", f"Architecture={architecture}"),
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "PATH": f"{Path(INTERPRETER).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHON_VERSION": python,
            "SAM_CLI_TELEMETRY": "0",
            "AWS_DEFAULT_REGION": "us-east-1",
        },
        check=True,
        stdout=subprocess.DEVNULL,
    )
    template = folder / "build" / "template.yaml"
    return Build(template, read_template(template))


def distributions(packages: Path) -> dict[str, str]:
    """Return the versions of what is installed in a folder, by name."""
    found = {}
    for path in packages.glob("*.dist-info/METADATA"):
        about = HeaderParser().parsestr(path.read_text(encoding="utf-8"))
        found[str(about["Name"]).lower().replace("_", "-")] = str(about["Version"])
    return found


def locked(lock: str, python: str) -> dict[str, str]:
    """Return the versions that a lock wants on Lambda, by name."""
    lines = (ROOT / "shared" / "requirements" / lock).read_text().splitlines()
    requirements = [Requirement(line.rstrip(" \\")) for line in lines if line and not line.startswith((" ", "#"))]
    lambdas = {"python_version": python, "sys_platform": "linux", "platform_python_implementation": "CPython"}
    return {
        each.name: next(iter(each.specifier)).version
        for each in requirements
        if each.marker is None or each.marker.evaluate(lambdas)
    }


def binaries(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield each ELF file with the beginning of its header."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                head = file.read(20)
            if head.startswith(b"\x7fELF"):
                yield path, head


def lambdas_own(folder: Path) -> Path:
    """Lay out, from this environment, the packages that Lambda's runtime for Python brings; return their folder.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/python-package.html#python-package-dependencies
    """
    import boto3

    site_packages = Path(boto3.__file__).parents[1]
    for name in ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six.py", "urllib3"):
        (folder / name).symlink_to(site_packages / name)
    return folder
