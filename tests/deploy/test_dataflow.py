"""The Flex Template: its parameters are the options, and what the launcher is given becomes the job that was meant."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from copydesk.pipelines.options import BY_NAME, OPTIONS, HandedOverError, OptionsError, resolve

ROOT = Path(__file__).parents[2]
DATAFLOW = ROOT / "deploy/dataflow"
IMAGE = f"europe-docker.pkg.dev/p/r/copydesk@sha256:{'0' * 64}"


def module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"dataflow_{name}", DATAFLOW / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.fixture(scope="module")
def main() -> ModuleType:
    return module("main")


@pytest.fixture(scope="module")
def metadata() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DATAFLOW / "metadata.json").read_text(encoding="utf-8"))
    return found


# The parameters ------------------------------------------------------------------------------------------------------


def test_the_metadata_is_current() -> None:
    text = (DATAFLOW / "metadata.json").read_text(encoding="utf-8")
    assert text == module("generate").metadata(), "run: python deploy/dataflow/generate.py"


def test_every_option_of_ingest_is_a_parameter_or_is_left_out_for_a_reason(metadata: dict[str, Any]) -> None:
    left_out = module("generate").LEFT_OUT
    parameters = {parameter["name"] for parameter in metadata["parameters"]}
    assert parameters - {"inputs"} == {o.name for o in OPTIONS if o.command in ("", "ingest")} - set(left_out)
    assert set(left_out) <= set(BY_NAME)


def test_dataflow_knows_every_key_of_the_metadata(tmp_path: Path) -> None:
    """Against Google's own definition; a key or a type that it does not have is refused."""
    python = ROOT / ".deploy/venv/bin/python"
    if not python.exists():
        pytest.skip("there is no definition of a template: scripts/check-deploy fetches it")
    # The service writes camel case and takes enum names: the JSON form of the message.
    code = (
        "import sys\n"
        "from google.protobuf import json_format\n"
        "from google.cloud.dataflow_v1beta3.types import TemplateMetadata\n"
        "json_format.Parse(open(sys.argv[1]).read(), TemplateMetadata.pb(TemplateMetadata()))\n"
    )

    def taken(text: str) -> bool:
        (tmp_path / "metadata.json").write_text(text, encoding="utf-8")
        return subprocess.run([python, "-c", code, tmp_path / "metadata.json"], capture_output=True).returncode == 0

    text = (DATAFLOW / "metadata.json").read_text(encoding="utf-8")
    assert taken(text)
    assert not taken(text.replace('"isOptional"', '"optional"'))
    assert not taken(text.replace('"BOOLEAN"', '"SWITCH"'))


def test_what_a_form_lets_through_the_options_let_through(metadata: dict[str, Any]) -> None:
    for parameter in metadata["parameters"]:
        assert re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_]*", parameter["name"])
        assert parameter["helpText"].endswith((".", "learn"))
        values = [option["value"] for option in parameter.get("enumOptions", [])]
        if "defaultValue" in parameter:
            values.append(parameter["defaultValue"])
        for value in values:
            assert all(re.fullmatch(shape, value) for shape in parameter.get("regexes", [])), parameter["name"]
            if BY_NAME[parameter["name"]].kind != "flag":
                resolve({"output": "gs://b/clean", parameter["name"]: value}, {}, "2026-01-31")


# The launch ----------------------------------------------------------------------------------------------------------


def test_the_words_of_the_launcher_become_inputs_options_and_beams_own(main: ModuleType) -> None:
    inputs, options = main.job_of([
        "--inputs=gs://b/raw/ 'gs://b/more raw/*.txt'",
        "--output=gs://b/clean",
        "--spelling=en-GB",
        "--keep=correction,sign_off",
        "--full_text=true",
        "--house=",
        "--runner=DataflowRunner",
        "--project=p",
        "--template_location=gs://b/staging/template",
    ])  # fmt: skip
    assert inputs == ["gs://b/raw/", "gs://b/more raw/*.txt"]
    assert (options.output, options.spelling, options.keep) == ("gs://b/clean", "en-GB", ("correction", "sign_off"))
    assert (options.full_text, options.house, options.runner) == (True, None, "DataflowRunner")
    assert options.beam_args == (
        "--runner=DataflowRunner",
        "--project=p",
        "--template_location=gs://b/staging/template",
    )


@pytest.mark.parametrize(("words", "told"), [
    (["--output=gs://b/clean"], "inputs: say what to read"),
    (["--inputs=raw/ gs://b/raw", "--output=gs://b/clean"], "inputs: raw/: Dataflow's workers read object stores alone"),
    (["--inputs=gs://b/raw", "--output=clean"], "output: clean: Dataflow's workers write to object stores alone"),
    (["--inputs=gs://b/raw", "--output=gs://b/clean", "--spelling=en-XX"], "--spelling: there is no 'en-XX'"),
    (["--inputs=gs://b/raw", "--full_text=yes"], "full_text: 'yes' is not true or false"),
])  # fmt: skip
def test_a_launch_that_cannot_be_meant_is_refused(
    main: ModuleType, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(words) == 2
    assert capsys.readouterr().err.startswith(f"copydesk: {told}")
    with pytest.raises(OptionsError):
        main.job_of(words)


def test_a_job_that_was_handed_over_is_not_waited_for(main: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def hand_over(*_: Any) -> None:
        raise HandedOverError

    monkeypatch.setattr(main, "ingest", hand_over)
    assert main.main(["--inputs=gs://b/raw", "--output=gs://b/clean"]) == 0


def test_dataflows_client_takes_the_graph(tmp_path: Path) -> None:
    """All of a launch but the request that would start the job, in the environment that the image has."""
    python = ROOT / ".deploy/image/bin/python"
    if not python.exists():
        pytest.skip("there is no environment with Dataflow's client: scripts/check-deploy makes it")
    (tmp_path / "now/copydesk").mkdir(parents=True)
    for room in ("schemas", "transforms", "pipelines"):  # as they are now, not as they were installed there
        (tmp_path / "now/copydesk" / room).symlink_to(ROOT / room)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "now")}
    # The folders stand for buckets: the graph is the same.
    code = (
        "import importlib.util, sys\n"
        f"spec = importlib.util.spec_from_file_location('main', {str(DATAFLOW / 'main.py')!r})\n"
        "main = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(main)\n"
        "main.is_remote = lambda place: True\n"
        "sys.exit(main.main(sys.argv[1:]) or 100)\n"
    )
    words = [f"--inputs={ROOT / 'examples/raw/text'}", f"--output={tmp_path / 'clean'}", "--runner=DataflowRunner"]
    words += ["--project=news-project", "--region=europe-west1", "--temp_location=gs://news-temp/temp"]
    words += ["--staging_location=gs://news-temp/staging", f"--sdk_container_image={IMAGE}"]
    command = [python, "-c", code, *words, "--no_auth", "--dry_run=True"]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert ran.returncode == 100, ran.stdout + ran.stderr
    assert not (tmp_path / "clean/_manifests").exists()


# The scripts ---------------------------------------------------------------------------------------------------------


def run(script: str, *words: str, folder: Path) -> tuple[int, list[str], str]:
    """Runs a script with a gcloud that prints what it is told."""
    gcloud = folder / "gcloud"
    gcloud.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    gcloud.chmod(0o755)
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    ran = subprocess.run([DATAFLOW / script, *words], capture_output=True, text=True, env=environment)
    return ran.returncode, ran.stdout.splitlines(), ran.stderr


def test_launch_gives_the_parameters_and_the_image_of_the_template(tmp_path: Path, metadata: dict[str, Any]) -> None:
    template = "gs://b/templates/copydesk.json"
    words = ["inputs=gs://b/raw/", "output=gs://b/clean", "keep=correction,sign_off"]
    status, told, _ = run("launch", "news-1", template, IMAGE, *words, "--", "--region", "r", folder=tmp_path)
    assert (status, told[:6]) == (
        0,
        ["dataflow", "flex-template", "run", "news-1", "--template-file-gcs-location", template],
    )
    assert told[6:] == ["--parameters", "^~^" + "~".join([f"sdk_container_image={IMAGE}", *words]), "--region", "r"]
    for wrong in (
        ["news-1", template, "copydesk:latest", *words],
        ["news-1", template, IMAGE, "inputs=gs://b/raw/", "spelling=en-GB"],
        ["news-1", template, IMAGE, *words, "--region"],
    ):
        status, told, err = run("launch", *wrong, folder=tmp_path)
        assert (status, told) == (2, [])
        assert err.startswith("launch: ")


def test_build_takes_an_image_by_its_digest_alone(tmp_path: Path) -> None:
    status, told, _ = run("build", "gs://b/copydesk.json", IMAGE, folder=tmp_path)
    assert status == 0
    assert told[told.index("--image") + 1] == IMAGE
    assert Path(told[told.index("--metadata-file") + 1]) == DATAFLOW / "metadata.json"
    assert run("build", "gs://b/copydesk.json", "copydesk:latest", folder=tmp_path)[0] == 2


def test_the_image_is_for_the_beam_and_the_python_of_the_lock() -> None:
    """The worker's own program and the Python packages must be of one release."""
    dockerfile = (DATAFLOW / "Dockerfile").read_text(encoding="utf-8")
    assert "beam_python3.13_sdk" in dockerfile
    assert "python313-template-launcher-base" in dockerfile
    assert "python:3.13-" in (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")

    def version(lock: str) -> str:
        found = re.search(r"^apache-beam(?:\[\w+\])?==(\S+)", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE)
        assert found
        return found[1]

    assert version("requirements-dataflow.txt") == version("requirements.txt")
