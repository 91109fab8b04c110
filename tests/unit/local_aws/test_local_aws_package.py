"""Packaging a template."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from local.aws.package import package, zip_folder
from local.aws.template import read_template

if TYPE_CHECKING:
    from pathlib import Path

_TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters: {Limit: {Type: Number, Default: 4}}
Resources:
  Layer:
    Type: AWS::Serverless::LayerVersion
    Metadata: {BuildMethod: makefile}
    Properties: {ContentUri: words/}
  Packages:
    Type: AWS::Serverless::LayerVersion
    Metadata: {BuildMethod: makefile}
    Properties: {ContentUri: packages/}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/one/
      Policies: [{Version: 2012-10-17, Statement: [{Resource: !GetAtt Queue.Arn}]}]
      Events: {Work: {Type: SQS, Properties: {ScalingConfig: {MaximumConcurrency: !Ref Limit}}}}
      Environment: {Variables: {LIMIT: !Ref Limit, NAME: !Sub "${AWS::StackName}-x"}}
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties: {DefinitionUri: plot.json}
  Queue: {Type: AWS::SQS::Queue}
"""


@pytest.fixture
def template(tmp_path: Path) -> Path:
    for name, content in {
        "template.yaml": _TEMPLATE,
        "words/__init__.py": "",
        "words/data/list.txt": "a",
        "words/__pycache__/old.pyc": "old",
        "packages/requirements.txt": "numpy",
        "functions/one/app.py": "def handler(event, context):\n    return 1\n",
        "plot.json": '{"StartAt": "A"}',
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    return tmp_path / "template.yaml"


def _names(content: bytes) -> set[str]:
    return {name for name in zipfile.ZipFile(io.BytesIO(content)).namelist() if not name.endswith(".pyc")}


def test_local_paths_become_objects_and_all_else_stays(template: Path) -> None:
    # Given a template, when it is packaged
    packaged = package(template, "artefacts", "stack", {})
    resources: dict[str, Any] = json.loads(packaged.body)["Resources"]

    def artefact(logical_id: str, name: str) -> bytes:
        return packaged.artefacts[resources[logical_id]["Properties"].pop(name).removeprefix("s3://artefacts/")]

    # Then a built layer holds our package under python/, or nothing; a function and a definition are as they are
    assert _names(artefact("Layer", "ContentUri")) == {"python/words/__init__.py", "python/words/data/list.txt"}
    assert _names(artefact("Packages", "ContentUri")) == {"python/.keep"}
    assert _names(artefact("Function", "CodeUri")) == {"app.py"}
    assert artefact("Machine", "DefinitionUri") == b'{"StartAt": "A"}'
    # And nothing but the limit differs from what was read
    original = read_template(template)["Resources"]
    for resource in original.values():
        for name in ("ContentUri", "CodeUri", "DefinitionUri"):
            resource.get("Properties", {}).pop(name, None)
    work = original["Function"]["Properties"]["Events"]["Work"]["Properties"]
    assert work["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "Limit"}}
    work["ScalingConfig"] = {"MaximumConcurrency": 4}
    assert resources == original
    # And dates in policies are text
    assert original["Function"]["Properties"]["Policies"][0]["Version"] == "2012-10-17"


def test_a_layer_that_sam_has_built_is_shipped_as_it_is(template: Path) -> None:
    # Given a layer's folder as `sam build` leaves it, which still says how it was built
    built = template.parent / "packages" / "python" / "numpy" / "__init__.py"
    built.parent.mkdir(parents=True)
    built.write_text("")
    # When the template is packaged
    packaged = package(template, "artefacts", "stack", {})
    # Then all of it is there
    location = json.loads(packaged.body)["Resources"]["Packages"]["Properties"]["ContentUri"]
    content = packaged.artefacts[location.removeprefix("s3://artefacts/")]
    assert _names(content) == {"python/numpy/__init__.py", "requirements.txt"}


def test_a_given_parameter_wins_over_its_default(template: Path) -> None:
    packaged = package(template, "artefacts", "stack", {"Limit": "7"})
    events = json.loads(packaged.body)["Resources"]["Function"]["Properties"]["Events"]
    assert events["Work"]["Properties"]["ScalingConfig"] == {"MaximumConcurrency": 7}


def test_an_unnamed_bucket_gets_a_name_that_lasts(tmp_path: Path) -> None:
    # Given a template with a bucket of either kind
    (tmp_path / "template.yaml").write_text(
        "Resources:\n"
        "  Named: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref X}}\n"
        "  Bare: {Type: AWS::S3::Bucket}\n"
    )
    # When it is packaged, then only the unnamed one is given a name
    resources = json.loads(package(tmp_path / "template.yaml", "artefacts", "stack", {}).body)["Resources"]
    assert resources["Named"]["Properties"]["BucketName"] == {"Ref": "X"}
    assert resources["Bare"]["Properties"]["BucketName"] == "stack-bare-000000000000"


def test_the_same_sources_give_the_same_bytes(template: Path) -> None:
    # Given a package, when its files are written again, later, then the package is the same
    before = package(template, "artefacts", "stack", {})
    app = template.parent / "functions/one/app.py"
    app.write_text(app.read_text())
    assert package(template, "artefacts", "stack", {}) == before
    # And a change of one file changes its artefact alone
    app.write_text("def handler(event, context):\n    return 2\n")
    changed = package(template, "artefacts", "stack", {}).artefacts.keys()
    assert len(before.artefacts.keys() - changed) == 1


def test_a_zipped_module_runs_from_its_compiled_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a zip whose module was unpacked, and whose source is then damaged
    source = tmp_path / "source"
    source.mkdir()
    (source / "swift_module.py").write_text("VALUE = 42\n")
    unpacked = tmp_path / "unpacked"
    zipfile.ZipFile(io.BytesIO(zip_folder(source))).extractall(unpacked)
    (unpacked / "swift_module.py").write_text("raise RuntimeError('this was compiled again')\n")

    # When it is imported, then the compiled file is used
    monkeypatch.syspath_prepend(unpacked)
    assert __import__("swift_module").VALUE == 42


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("Resources: {A: {Type: AWS::Serverless::Function, Properties: {CodeUri: gone/}}}", "A.CodeUri is 'gone/'"),
        (
            "Resources: {A: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: bad.yaml}}}",
            "must be JSON",
        ),
        ("- not\n- a template", "not a CloudFormation template"),
    ],
)
def test_what_cannot_be_packaged_is_refused_with_the_reason(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "bad.yaml").write_text("StartAt: A")
    (tmp_path / "template.yaml").write_text(content)
    with pytest.raises(ValueError, match=message):
        package(tmp_path / "template.yaml", "artefacts", "stack", {})


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("!Ref A", {"Ref": "A"}),
        ("!GetAtt A.B.C", {"Fn::GetAtt": ["A", "B.C"]}),
        ("!Sub ['${x}', {x: !Ref A}]", {"Fn::Sub": ["${x}", {"x": {"Ref": "A"}}]}),
        ("!If [C, !Ref A, !Ref 'AWS::NoValue']", {"Fn::If": ["C", {"Ref": "A"}, {"Ref": "AWS::NoValue"}]}),
        ("!Condition C", {"Condition": "C"}),
    ],
)
def test_short_forms_are_read_as_their_full_forms(tmp_path: Path, short: str, full: object) -> None:
    (tmp_path / "template.yaml").write_text(f"Resources: {{}}\nValue: {short}\n")
    assert read_template(tmp_path / "template.yaml")["Value"] == full
