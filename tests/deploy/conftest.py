"""What scripts/check-deploy fetches; a test that needs what is not there is skipped and says so."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".deploy"


@pytest.fixture(scope="session")
def program() -> Callable[..., str]:
    """Finds the first of some programs that this machine has."""

    def find(*names: str) -> str:
        for name in names:
            found = shutil.which(name, path=f"{TOOLS / 'bin'}:{TOOLS / 'venv/bin'}") or shutil.which(name)
            if found:
                return found
        pytest.skip(f"there is no {' or '.join(names)}: scripts/check-deploy fetches what it can")

    return find


@pytest.fixture(scope="session")
def render(program: Callable[..., str]) -> Callable[[Path], list[dict[str, Any]]]:
    """Makes manifests of an overlay."""

    def make(overlay: Path) -> list[dict[str, Any]]:
        tool = program("kustomize", "kubectl")
        command = [tool, "build" if tool.endswith("kustomize") else "kustomize", str(overlay)]
        ran = subprocess.run(command, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        return list(yaml.safe_load_all(ran.stdout))

    return make


@pytest.fixture(scope="session")
def flink_deployment_schema() -> dict[str, Any]:
    """The operator's own definition of a FlinkDeployment, as JSON Schema."""
    jars = list((TOOLS / "operator").glob("flink-kubernetes-operator-api-*.jar"))
    if not jars:
        pytest.skip("there is no definition of a FlinkDeployment: scripts/check-deploy fetches it by Maven")
    with zipfile.ZipFile(jars[0]) as jar:
        definition = yaml.load(jar.read("META-INF/fabric8/flinkdeployments.flink.apache.org-v1.yml"), yaml.CSafeLoader)
    (version,) = definition["spec"]["versions"]
    assert f"{definition['spec']['group']}/{version['name']}" == "flink.apache.org/v1beta1"
    schema: dict[str, Any] = version["schema"]["openAPIV3Schema"]
    return schema
