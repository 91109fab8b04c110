"""What `sam build` makes for Lambda: complete, small, and for Lambda's machines only."""

import struct
from email.parser import HeaderParser
from pathlib import Path

from packaging.tags import Tag, compatible_tags, cpython_tags, parse_tag

from tests.handlers import FUNCTIONS, ROOT
from tests.packages.builds import LOCKS, Build, binaries, distributions, locked

MEGABYTE = 1_000_000
WEBHOOK_LIMIT, MEDIA_LIMIT, OTHERS_LIMIT = 30 * MEGABYTE, 200 * MEGABYTE, 40 * MEGABYTE
"""Lambda's own limit is 250 MB: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
ELF_MACHINES = {"arm64": 183, "x86_64": 62}
"""``e_machine`` of EM_AARCH64 and EM_X86_64: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html"""

LAMBDAS_GLIBC = 34
"""Minor version of glibc 2 in Amazon Linux 2023: https://docs.aws.amazon.com/linux/al2023/ug/compare-with-al2.html"""

Deployable = tuple[Build, str]


def lambdas_tags(architecture: str) -> set[Tag]:
    """Return the tags of wheels that Lambda's Python 3.13 can load."""
    machine = MACHINES[architecture]
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(5, LAMBDAS_GLIBC + 1)] + [
        f"manylinux2014_{machine}"
    ]
    return {*cpython_tags((3, 13), platforms=platforms), *compatible_tags((3, 13), "cp313", platforms)}


def test_every_function_and_layer_is_built(deployable: Deployable) -> None:
    build, _ = deployable
    assert [name for name in FUNCTIONS if not (build.function(name) / "app.py").is_file()] == []
    layers = {name for name, it in build.resources.items() if it["Type"] == "AWS::Serverless::LayerVersion"}
    assert layers == set(LOCKS)


def test_a_layer_holds_what_its_lock_names(deployable: Deployable) -> None:
    build, _ = deployable
    assert {layer: distributions(build.layer(layer)) for layer in LOCKS} == {
        layer: locked(lock, "3.13") for layer, lock in LOCKS.items()
    }


def test_the_shared_layer_holds_modules_fonts_and_the_page_and_nothing_else_of_ours(deployable: Deployable) -> None:
    build, _ = deployable
    ours = {path.relative_to(ROOT / "shared") for path in (ROOT / "shared").rglob("*.py")}
    ours |= {path.relative_to(ROOT / "shared") for path in (ROOT / "shared" / "fonts").iterdir() if path.is_file()}
    ours |= {path.relative_to(ROOT / "shared") for path in (ROOT / "shared" / "storyboard").glob("page.*s*")}
    package = build.layer("SharedLayer") / "shared"
    shipped = {path.relative_to(package) for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert shipped == ours


def test_two_layers_of_a_function_never_hold_two_versions_of_a_package(deployable: Deployable) -> None:
    build, _ = deployable
    for function in FUNCTIONS:
        merged: dict[str, str] = {}
        for layer in build.layers(function):
            held = distributions(layer)
            assert {name: version for name, version in held.items() if merged.get(name, version) != version} == {}
            merged |= held


def test_every_wheel_is_for_lambda(deployable: Deployable) -> None:
    build, architecture = deployable
    usable = lambdas_tags(architecture)
    wheels = [path for layer in LOCKS for path in build.layer(layer).glob("*.dist-info/WHEEL")]
    assert wheels
    assert [path for path in wheels if not usable & tags_of(path)] == []


def tags_of(wheel: Path) -> set[Tag]:
    return {tag for text in HeaderParser().parsestr(wheel.read_text()).get_all("Tag", []) for tag in parse_tag(text)}


def test_every_binary_is_for_lambdas_machine(deployable: Deployable) -> None:
    build, architecture = deployable
    found = [entry for layer in LOCKS for entry in binaries(build.layer(layer))]
    assert found
    wrong = [path for path, head in found if struct.unpack_from("<H", head, 18) != (ELF_MACHINES[architecture],)]
    assert wrong == []


def test_packages_are_small(deployable: Deployable) -> None:
    build, _ = deployable
    media = {name for name in FUNCTIONS if build.layer("MediaLayer") in build.layers(name)}
    limits = (
        dict.fromkeys(FUNCTIONS, OTHERS_LIMIT) | dict.fromkeys(media, MEDIA_LIMIT) | {"HedraWebhook": WEBHOOK_LIMIT}
    )
    sizes = {name: build.size(name) for name in FUNCTIONS}
    assert media == {"PlanEpisode", "CollectAsset", "HouseClip", "Assemble"}
    assert {name: size for name, size in sizes.items() if size > limits[name]} == {}
