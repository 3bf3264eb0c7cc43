"""What is watched: the alerts fire when they should, and every figure they and the board ask for is one that is given."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from copydesk.transforms.boilerplate import KINDS

Program = Callable[..., str]
ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy/prometheus"
OWN = "flink_taskmanager_job_task_operator_copydesk_"
COUNTS = ("documents", "articles", "duplicates", "failures", "late")
"""What the manifest of a window counts: Beam's counters have the same names."""


@pytest.fixture(scope="module")
def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((PROMETHEUS / "rules.yaml").read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


@pytest.fixture(scope="module")
def board() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PROMETHEUS / "board.json").read_text())
    return found


def queries(board: dict[str, Any]) -> Iterator[str]:
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield target["expr"]


def promtool(program: Program, *words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program("promtool"), *map(str, words)], capture_output=True, text=True)


def test_the_rules_are_prometheus_own_tongue_and_fire_when_they_should(program: Program) -> None:
    ran = promtool(program, "check", "rules", PROMETHEUS / "rules.yaml")
    assert ran.returncode == 0, ran.stderr
    ran = promtool(program, "test", "rules", PROMETHEUS / "rules_test.yaml")
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_alert_is_tried_and_says_what_to_do(rules: list[dict[str, Any]]) -> None:
    alerts = {rule["alert"]: rule for rule in rules if "alert" in rule}
    tried: dict[str, set[bool]] = {}
    for test in yaml.safe_load((PROMETHEUS / "rules_test.yaml").read_text())["tests"]:
        for case in test["alert_rule_test"]:
            tried.setdefault(case["alertname"], set()).add(bool(case["exp_alerts"]))
    assert tried == {name: {True, False} for name in alerts}
    readme = (ROOT / "deploy/README.md").read_text(encoding="utf-8")
    headings = {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.+)$", readme, re.M)
    }
    for name, rule in alerts.items():
        page, _, heading = rule["annotations"]["runbook"].partition("#")
        assert page == "deploy/README.md", name
        assert heading in headings, name


def test_prometheus_takes_the_configuration(program: Program, tmp_path: Path) -> None:
    """But for how it finds pods, which not every build of promtool knows."""
    config = yaml.safe_load((PROMETHEUS / "scrape.yaml").read_text())
    (found,) = [scrape.pop("kubernetes_sd_configs") for scrape in config["scrape_configs"]]
    assert found == [{"role": "pod", "namespaces": {"names": ["copydesk"]}}]
    config["scrape_configs"][0]["static_configs"] = [{"targets": ["localhost:9249"]}]
    (tmp_path / "rules.yaml").write_bytes((PROMETHEUS / "rules.yaml").read_bytes())
    (tmp_path / "scrape.yaml").write_text(yaml.safe_dump(config))
    ran = promtool(program, "check", "config", tmp_path / "scrape.yaml")
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_what_is_asked_of_the_board_is_in_prometheus_own_tongue(
    board: dict[str, Any], program: Program, tmp_path: Path
) -> None:
    filled = [query.replace("$__rate_interval", "5m").replace("$job", ".*") for query in queries(board)]
    records = [{"record": f"board:{number}", "expr": query} for number, query in enumerate(filled)]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "board", "rules": records}]}))
    ran = promtool(program, "check", "rules", tmp_path / "rules.yaml")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"{len(records)} rules found" in ran.stdout


def test_every_figure_that_is_asked_for_is_one_that_is_given(
    rules: list[dict[str, Any]], board: dict[str, Any]
) -> None:
    """By Flink, as a running stream gave them; by a rule; cuts have a figure for each kind."""
    given = set((Path(__file__).with_name("flink_metrics.txt")).read_text().split("\n"))
    given |= {f"{OWN}removed_{kind}" for kind in KINDS}
    given |= {rule["record"] for rule in rules if "record" in rule}
    for query in [*(rule["expr"] for rule in rules), *queries(board)]:
        asked = set(re.findall(r"\b(?:flink_\w+|copydesk:\w+)(?!\w|\.\+)", query))
        patterns = set(re.findall(r"(\w+)\.\+", query))
        assert asked | patterns, query
        assert asked - patterns <= given, query
        assert all(any(name.startswith(pattern) for name in given) for pattern in patterns), query


def test_the_board_shows_what_the_summary_of_a_run_shows(board: dict[str, Any]) -> None:
    shown = {name for query in queries(board) for name in COUNTS if f"{OWN}{name}{{" in query}
    assert shown == set(COUNTS)
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    places = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in board["panels"]]
    assert len(set(places)) == len(places)
    assert all(p["gridPos"]["x"] + p["gridPos"]["w"] <= 24 for p in board["panels"])


def test_the_limits_are_those_of_the_job(rules: list[dict[str, Any]]) -> None:
    """The lag that is told is three windows of the example; the share is the default of --max-failures."""
    from copydesk.pipelines.options import BY_NAME, read_config, resolve

    desk = read_config(str(ROOT / "deploy/flink/kubernetes/example/desk.toml"))
    every = resolve({}, desk, "2026-01-31").every
    alerts = {rule["alert"]: rule["expr"] for rule in rules if "alert" in rule}
    assert alerts["CopydeskLag"] == f"copydesk:lag_seconds > {3 * every}"
    share = float(BY_NAME["max_failures"].default.rstrip("%")) / 100
    assert alerts["CopydeskFailures"].startswith(f"copydesk:failure_share > {share}")
