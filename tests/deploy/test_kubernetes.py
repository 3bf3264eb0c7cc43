"""The manifests: that Kubernetes and the operator would take them, and that they say what a stream must not go without."""

from __future__ import annotations

import copy
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from copydesk.pipelines import flink, pool
from copydesk.pipelines.options import read_config, resolve

Render = Callable[[Path], list[dict[str, Any]]]
ROOT = Path(__file__).parents[2]
KUBERNETES = ROOT / "deploy/flink/kubernetes"
RELEASE = "1.33"
"""The release of Kubernetes whose definitions the manifests are held against: the oldest that still gets mends."""


@pytest.fixture(scope="module")
def manifests(render: Render) -> list[dict[str, Any]]:
    """The example overlay, rendered."""
    return render(KUBERNETES / "example")


def one(manifests: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    (found,) = [manifest for manifest in manifests if manifest["kind"] == kind]
    return found


@pytest.fixture(scope="module")
def spec(manifests: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = one(manifests, "FlinkDeployment")["spec"]
    return found


def pods(spec: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: spec[name]["podTemplate"]["spec"] for name in ("jobManager", "taskManager")}


def containers(spec: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for pod, template in pods(spec).items():
        for container in [*template.get("initContainers", []), *template["containers"]]:
            yield f"{pod}/{container['name']}", container


def container(spec: dict[str, Any], name: str) -> dict[str, Any]:
    return dict(containers(spec))[name]


# Would they be taken -------------------------------------------------------------------------------------------------


def strict(schema: Any) -> Any:
    """The schema with every key that it does not name refused: the API server drops such keys without a word."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strict(value) for key, value in schema.items()}
    if made.pop("x-kubernetes-int-or-string", False):
        made["type"] = ["integer", "string"]
    if "properties" in made and isinstance(made["properties"], dict) and "additionalProperties" not in made:
        made["additionalProperties"] = bool(made.get("x-kubernetes-preserve-unknown-fields", False))
    return made


def faults(schema: dict[str, Any], manifest: dict[str, Any]) -> list[str]:
    known = strict(schema)
    known["properties"] |= {"apiVersion": {}, "kind": {}, "metadata": {}}
    validator = jsonschema.Draft202012Validator(known)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(manifest)]


def test_the_operator_knows_every_key_of_the_deployment(
    manifests: list[dict[str, Any]], flink_deployment_schema: dict[str, Any]
) -> None:
    deployment = one(manifests, "FlinkDeployment")
    assert faults(flink_deployment_schema, deployment) == []
    wrong = copy.deepcopy(deployment)
    wrong["spec"]["job"]["upgradeMod"] = wrong["spec"]["job"].pop("upgradeMode")
    wrong["spec"]["taskManager"]["podTemplate"]["spec"]["containers"][1]["livenessProb"] = {}
    wrong["spec"]["job"]["parallelism"] = "two"
    assert len(faults(flink_deployment_schema, wrong)) == 3


def as_pods(deployment: dict[str, Any]) -> list[dict[str, Any]]:
    """The pods that the templates make: the operator's definition leaves out what Kubernetes itself demands."""
    return [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name.lower(), **deployment["spec"][name]["podTemplate"]["metadata"]},
            "spec": copy.deepcopy(template),
        }
        for name, template in pods(deployment["spec"]).items()
    ]


def test_kubernetes_knows_every_key_of_the_rest(
    manifests: list[dict[str, Any]], program: Callable[..., str], tmp_path: Path
) -> None:
    tool = program("kubernetes-validate")
    rest = [manifest for manifest in manifests if manifest["kind"] != "FlinkDeployment"]
    rest += as_pods(one(manifests, "FlinkDeployment"))
    file = tmp_path / "rest.yaml"
    command = [tool, "--strict", "--kubernetes-version", RELEASE, str(file)]
    file.write_text(yaml.safe_dump_all(rest))
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    rest[-1]["spec"]["containers"][0]["livenessProb"] = {}
    file.write_text(yaml.safe_dump_all(rest))
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode != 0
    assert "livenessProb" in ran.stdout + ran.stderr


def test_apply_refuses_an_image_that_is_not_pinned_and_a_bucket_that_is_not_named(
    program: Callable[..., str], tmp_path: Path
) -> None:
    environment = {"CHECK": "1", "PATH": f"{Path(program('kustomize', 'kubectl')).parent}:/usr/bin:/bin"}
    shutil.copytree(KUBERNETES, tmp_path / "kubernetes")
    overlay = tmp_path / "kubernetes/example"

    def apply() -> tuple[int, str]:
        ran = subprocess.run([KUBERNETES / "apply", overlay], capture_output=True, text=True, env=environment)
        return ran.returncode, ran.stderr

    status, told = apply()
    assert status == 2
    assert told.startswith("apply: not pinned by digest in ")
    assert told.count(", ") == 2  # three images
    file = overlay / "kustomization.yaml"
    file.write_text(re.sub(r"newTag: .*", f"digest: sha256:{'0' * 64}", file.read_text()))
    assert apply() == (0, "")
    file.write_text(file.read_text().replace("patches:\n  - path: bucket.yaml\n", ""))
    status, told = apply()
    assert (status, "give state.checkpoints.dir and the others a bucket" in told) == (2, True)


def test_flink_knows_every_key_of_its_configuration(spec: dict[str, Any]) -> None:
    """It passes over what it does not know; its keys are constants of the classes named Options."""
    jars = list((ROOT / ".flink/jars/flink").glob("flink-dist-*.jar"))
    if not jars:
        pytest.skip("Flink is not here: deploy/flink/up fetches it when it is first run")
    with zipfile.ZipFile(jars[0]) as jar:
        names = [name for name in jar.namelist() if re.fullmatch(r"org/apache/flink/.*Options\.class", name)]
        known = b"\0".join(map(jar.read, names))
    assert len(names) > 20
    keys = {key for key in spec["flinkConfiguration"] if not key.startswith("metrics.reporter.prom.")}
    assert {key for key in keys if key.encode() not in known} == set()
    assert b"state.backend.typ3" not in known


# What a stream must not go without -----------------------------------------------------------------------------------


def test_the_graph_is_made_with_the_options_without_which_rows_are_lost(spec: dict[str, Any]) -> None:
    arguments = container(spec, "jobManager/graph")["args"]
    own, of_the_runner = arguments[: arguments.index("--")], arguments[arguments.index("--") + 1 :]
    assert own[0] == "watch"
    assert {"--runner=flink", "--job-server=localhost:8099"} <= set(own)
    assert "--finish_bundle_before_checkpointing" in of_the_runner
    (interval,) = [word for word in of_the_runner if word.startswith("--checkpointing_interval=")]
    assert 1_000 <= int(interval.partition("=")[2]) <= 600_000
    assert f"--environment_config={flink.POOL}" in own
    jar = f"--output_executable_path={spec['job']['jarURI'].removeprefix('local://')}"
    assert jar in own


def test_checkpoints_are_exact_kept_and_elsewhere_than_the_pods(spec: dict[str, Any]) -> None:
    configured = spec["flinkConfiguration"]
    assert {
        "execution.checkpointing.mode": "EXACTLY_ONCE",
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "high-availability.type": "kubernetes",
        "state.backend.type": "rocksdb",
        "state.backend.incremental": "true",
        "restart-strategy.type": "exponential-delay",
    }.items() <= configured.items()
    for key in ("state.checkpoints.dir", "state.savepoints.dir", "high-availability.storageDir"):
        assert configured[key].startswith("s3://"), key
    # It would stop trying after so many faults; the operator would not start it again.
    assert not [key for key in configured if "attempts" in key]
    # Beam's option decides; a second place for it could disagree.
    assert "execution.checkpointing.interval" not in configured


def test_an_upgrade_stops_with_a_savepoint_and_starts_from_it_whole(spec: dict[str, Any]) -> None:
    job = spec["job"]
    assert (job["state"], job["upgradeMode"], job["allowNonRestoredState"]) == ("running", "savepoint", False)
    assert job["entryClass"] == "org.apache.beam.runners.flink.FlinkPipelineRunner"
    assert spec["mode"] == "native"
    # At 1 Flink chains the first steps otherwise, and takes no savepoint from there to 2 or more, nor back.
    assert job["parallelism"] >= 2
    # The number of key groups is part of the state: one that grew with the parallelism could not be restored.
    assert int(spec["flinkConfiguration"]["pipeline.max-parallelism"]) >= 8 * job["parallelism"]


def test_every_task_manager_has_one_slot_and_the_pool_of_this_project_beside_it(spec: dict[str, Any]) -> None:
    assert spec["flinkConfiguration"]["taskmanager.numberOfTaskSlots"] == "1"
    workers = container(spec, "taskManager/workers")
    assert workers["command"] == ["python", "-m", pool.__name__]
    assert f"localhost:{pool.PORT}" == flink.POOL
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        # The pool listens on localhost, where the kubelet's own probes do not reach.
        assert f"('localhost', {pool.PORT})" in workers[probe]["exec"]["command"][-1]
        assert workers[probe]["timeoutSeconds"] >= 5
    image = container(spec, "jobManager/graph")["image"]
    assert workers["image"] == image, "what makes the graph and what runs it must be one release"


def test_the_probe_of_the_workers_tells_a_pool_that_answers_from_none(spec: dict[str, Any]) -> None:
    code = container(spec, "taskManager/workers")["livenessProbe"]["exec"]["command"][-1]
    server, port = pool.serve(0)
    probe = [sys.executable, "-c", code.replace(str(pool.PORT), str(port))]
    assert subprocess.run(probe, capture_output=True).returncode == 0
    server.stop(None).wait()
    assert subprocess.run(probe, capture_output=True).returncode != 0


def test_the_job_is_one_that_copydesk_understands(manifests: list[dict[str, Any]], tmp_path: Path) -> None:
    (files,) = [manifest["data"] for manifest in manifests if manifest["kind"] == "ConfigMap"]
    (tmp_path / "desk.toml").write_text(files["desk.toml"])
    options = resolve({}, read_config(str(tmp_path / "desk.toml")), "2026-01-31")
    assert options.output.startswith("s3://")
    assert options.contact
    assert "xmlUrl" in files["feeds.opml"]


def test_a_change_of_the_job_is_a_change_of_the_deployment(render: Render, tmp_path: Path) -> None:
    """Without it the operator would not see that desk.toml or the list of feeds is another."""
    shutil.copytree(KUBERNETES, tmp_path / "kubernetes")
    overlay = tmp_path / "kubernetes/example"

    def config_maps() -> set[str]:
        spec = one(render(overlay), "FlinkDeployment")["spec"]
        volumes = [volume for template in pods(spec).values() for volume in template["volumes"]]
        return {volume["configMap"]["name"] for volume in volumes if "configMap" in volume}

    before = config_maps()
    assert len(before) == 1
    with (overlay / "desk.toml").open("a") as file:
        file.write('profile = "archive"\n')
    assert config_maps() != before


# What a container may do ---------------------------------------------------------------------------------------------


def test_no_container_runs_as_root_or_writes_to_its_image_or_takes_what_it_likes(spec: dict[str, Any]) -> None:
    for name, template in pods(spec).items():
        assert template["securityContext"]["runAsNonRoot"] is True, name
        assert template["securityContext"]["runAsUser"] > 0, name
        assert template["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert all(kind in ("name", "emptyDir", "configMap") for volume in template["volumes"] for kind in volume), name
        assert all(volume["emptyDir"]["sizeLimit"] for volume in template["volumes"] if "emptyDir" in volume), name
    found = dict(containers(spec))
    assert len(found) == 7
    for name, each in found.items():
        assert each["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        if each["name"] == "flink-main-container":
            continue  # the operator sets these, of `resource`
        limits = each["resources"]["limits"]
        assert set(limits) == {"cpu", "memory", "ephemeral-storage"}, name
        assert each["resources"]["requests"].keys() == limits.keys(), name
    for name in ("jobManager", "taskManager"):
        assert spec[name]["resource"].keys() == {"cpu", "memory", "ephemeralStorage"}


def test_whatever_is_mounted_is_a_volume_of_the_pod(spec: dict[str, Any]) -> None:
    for template in pods(spec).values():
        volumes = {volume["name"] for volume in template["volumes"]}
        for each in [*template["initContainers"], *template["containers"]]:
            assert {mount["name"] for mount in each["volumeMounts"]} <= volumes


def test_the_policies_name_the_ports_that_flink_listens_at(
    spec: dict[str, Any], manifests: list[dict[str, Any]]
) -> None:
    configured = spec["flinkConfiguration"]
    listening = {int(value) for key, value in configured.items() if key.endswith(".port")}
    policies = {item["metadata"]["name"]: item["spec"] for item in manifests if item["kind"] == "NetworkPolicy"}
    open_ports: set[int] = set()
    for rule in policies["copydesk"]["ingress"]:
        for port in rule["ports"]:
            open_ports |= set(range(port["port"], port.get("endPort", port["port"]) + 1))
    assert open_ports == listening
    deny = policies["copydesk-deny"]
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    blocks = [to["ipBlock"] for rule in policies["copydesk"]["egress"] for to in rule["to"] if "ipBlock" in to]
    assert {"10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"} <= set(blocks[0]["except"])
    name = one(manifests, "FlinkDeployment")["metadata"]["name"]
    assert policies["copydesk"]["podSelector"]["matchLabels"] == {"app": name}  # the label that Flink gives its pods


def test_the_account_may_touch_nothing_but_the_jobs_own_kinds(manifests: list[dict[str, Any]]) -> None:
    role = one(manifests, "Role")
    assert {resource for rule in role["rules"] for resource in rule["resources"]} == {
        "pods", "configmaps", "services", "deployments", "deployments/finalizers",
    }  # fmt: skip
    assert not [rule for rule in role["rules"] if "*" in rule["verbs"] + rule["resources"] + rule["apiGroups"]]
    assert not [manifest for manifest in manifests if manifest["kind"] in ("Secret", "ClusterRole")]


def test_java_is_opened_as_on_the_cluster_that_is_tested(spec: dict[str, Any]) -> None:
    up = (ROOT / "deploy/flink/up").read_text()
    packages = re.search(r"for package in (.*); do", up)
    assert packages
    opened = {f"java.base/java.{package}" for package in packages[1].split()} | {"java.base/sun.nio.ch"}
    configured = spec["flinkConfiguration"]["env.java.opts.all"]
    assert set(re.findall(r"--add-opens=(\S+)=ALL-UNNAMED", configured)) == opened


# What it takes -------------------------------------------------------------------------------------------------------


def mebibytes(size: str) -> float:
    found = re.fullmatch(r"([\d.]+)(\w+)", size)
    assert found is not None
    return float(found[1]) * {"m": 1, "Mi": 1, "Gi": 1024}[found[2]]  # Flink's m is 2 to the 20th


def requested(spec: dict[str, Any], name: str) -> tuple[float, float, float]:
    """Cores, GiB of memory and GiB of disk that a pod sets aside, as Kubernetes counts them.

    A container that stays counts beside all that come after it; of the other init containers the largest, or all of
    the pod's own containers, whichever is more.
    """
    template, resource = pods(spec)[name], spec[name]["resource"]
    own, stay, most = [0.0] * 3, [0.0] * 3, [0.0] * 3

    def sizes(each: dict[str, Any]) -> list[float]:
        if each["name"] == "flink-main-container":
            return [resource["cpu"], mebibytes(resource["memory"]), mebibytes(resource["ephemeralStorage"])]
        asked = each["resources"]["requests"]
        cpu = float(asked["cpu"][:-1]) / 1000 if asked["cpu"].endswith("m") else float(asked["cpu"])
        return [cpu, mebibytes(asked["memory"]), mebibytes(asked["ephemeral-storage"])]

    for each in template["initContainers"]:
        if each.get("restartPolicy") == "Always":
            stay = [a + b for a, b in zip(stay, sizes(each), strict=True)]
        else:
            most = [max(a, b + c) for a, b, c in zip(most, stay, sizes(each), strict=True)]
    for each in template["containers"]:
        own = [a + b for a, b in zip(own, sizes(each), strict=True)]
    cpu, memory, disk = (max(a, b + c) for a, b, c in zip(most, stay, own, strict=True))
    return cpu, memory / 1024, disk / 1024


def test_the_readme_says_what_is_set_aside(spec: dict[str, Any]) -> None:
    text = (ROOT / "deploy/README.md").read_text(encoding="utf-8")
    cpu, memory, disk = requested(spec, "jobManager")
    each_cpu, each_memory, each_disk = requested(spec, "taskManager")
    many = spec["job"]["parallelism"]
    assert f"(`parallelism: {many}`) | {cpu + many * each_cpu:g} | {memory + many * each_memory:g} GiB |" in text
    assert f"each TaskManager more there | {each_cpu:g} | {each_memory:g} GiB |" in text
    assert " ".join(text.split()).count(f"{disk:g} GiB (JobManager) and {each_disk:g} GiB (TaskManager)") == 1


def test_the_readme_names_the_settings_as_they_are(spec: dict[str, Any]) -> None:
    text = (ROOT / "deploy/README.md").read_text(encoding="utf-8")
    table = text[text.index("What must not be taken out of it") :].split("\n\n")[1]
    named = re.findall(r"`([\w.-]+)[`:]", table)
    words = container(spec, "jobManager/graph")["args"]
    known = {*spec["flinkConfiguration"], *spec["job"], *(word.split("=")[0] for word in words), "graph"}
    assert set(named) <= known, set(named) - known
    assert len(named) >= 7
