"""Everything that `deploy/` and the Dockerfile name exists. CI has no Docker and no cluster to run them on."""

from __future__ import annotations

import configparser
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from django.core.management import get_commands
from django.urls import resolve

from chatsite.config.limits import Limits
from chatsite.observability.metrics.instruments import Counter, instruments
from conversations.assistants.calls import assistant_calls

pytestmark = pytest.mark.standalone

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
OURS = {"PORT", "POSTGRES_PASSWORD"}  # of the compose file itself


def number_in(path: Path, pattern: str) -> int:
    found = re.search(pattern, path.read_text())
    assert found is not None, pattern
    return int(found.group(1))


def documents(path: Path) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [document for path in MANIFESTS for document in documents(path) if document["kind"] == kind]


def variables() -> set[str]:
    """Return the variables that the settings read: `env.text("NAME", …)` and similar, and their parts."""
    sources = [ROOT / "chatsite/settings.py", *(ROOT / "chatsite/config").glob("*.py")]
    return {name for source in sources for name in re.findall(r'\(\s*"([A-Z][A-Z_]+)"', source.read_text())}


def containers() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Return each pod's specification with each of its containers."""
    for document in of_kind("Deployment") + of_kind("Job"):
        pod = document["spec"]["template"]["spec"]
        yield from ((pod, container) for container in pod["containers"])
    for document in of_kind("CronJob"):
        pod = document["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        yield from ((pod, container) for container in pod["containers"])


def commands() -> list[list[str]]:
    """Return every command line that an image, a unit or a manifest runs."""
    found = [shlex.split(" ".join(c["command"])) for _, c in containers() if "command" in c]
    services = documents(DEPLOY / "compose.yaml")[0]["services"]
    found += [
        shlex.split(" ".join(service["command"]))
        for name, service in services.items()
        if "build" in service and "command" in service
    ]
    for unit in (DEPLOY / "systemd").glob("*.service"):
        text = unit.read_text().replace("\\\n", " ")
        found += [shlex.split(line) for line in re.findall(r"^ExecStart=(.+)$", text, re.MULTILINE)]
    lines = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    found += [yaml.safe_load(line) for line in re.findall(r"^CMD (\[.+\])$", lines, re.MULTILINE)]
    return found


def test_variables_exist_in_the_settings() -> None:
    compose = documents(DEPLOY / "compose.yaml")[0]
    named = {name for s in compose["services"].values() if "build" in s for name in s["environment"]}
    named |= {name for document in of_kind("ConfigMap") for name in document["data"]}
    named |= {name for document in of_kind("Secret") for name in document["stringData"]}
    example = set(re.findall(r"^([A-Z_]+)=", (DEPLOY / "env.example").read_text(), re.MULTILINE))
    named |= example - OURS
    named |= set(re.findall(r"(STATIC_ROOT)=", (ROOT / "Dockerfile").read_text()))
    assert len(named) > 10
    assert named - variables() == set()
    asked = set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose.yaml").read_text()))
    assert asked == example


def test_manage_commands_and_programs_exist() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    programs, managed = set(), set()
    for words in commands():
        managed |= {words[n + 1].rstrip(";") for n, word in enumerate(words) if word == "manage.py"}
        programs.add(Path(words[0]).name)
    assert programs == {"uvicorn", "python", "sh"}
    assert re.search(r"^uvicorn==", lock, re.MULTILINE)
    assert re.search(r"^uvloop==", lock, re.MULTILINE)
    assert managed == {"migrate", "chat_worker", "prune_logins", "prune_notifications", "expire_lapsed"}
    assert managed < get_commands().keys()


def test_the_image_has_the_locked_versions_and_those_of_s3() -> None:
    def pins(lock: str) -> set[str]:
        return set(re.findall(r"^[\w.-]+==[^ ;\\]+", (ROOT / lock).read_text(), re.MULTILINE))

    assert "-r /tmp/requirements-s3.lock" in (ROOT / "Dockerfile").read_text()
    assert pins("requirements.lock") < pins("requirements-s3.lock") <= pins("requirements-dev.lock")
    assert {"boto3", "django-storages"} <= {pin.partition("==")[0] for pin in pins("requirements-s3.lock")}


def test_the_steps_on_kubernetes_apply_every_file() -> None:
    text = (DEPLOY / "kubernetes" / "README.md").read_text()
    applied = set(re.findall(r"-f ([\w.-]+\.yaml)", text))
    own = {path.name for path in MANIFESTS} - {"secrets.example.yaml"}
    assert applied == own | {"your-secrets.yaml"}
    assert set(re.findall(r"^\| `([\w.-]+)` \|", text, re.MULTILINE)) == own | {"secrets.example.yaml"}


def test_uploads_pass_every_proxy() -> None:
    names = ("/chat/uploads", f"/app/c/{uuid4()}/send-file", f"/app/team/{uuid4()}/canned-answers/send-file")
    largest = Limits.attachment_bytes // 1024**2 + 1
    (ingress,) = [one for one in of_kind("Ingress") if one["metadata"]["name"] == "chat-uploads"]
    paths = [one["path"] for one in ingress["spec"]["rules"][0]["http"]["paths"]]
    (pattern,) = re.findall(r"location ~ (\S*uploads\S*) ", (DEPLOY / "nginx.conf").read_text())
    for name in names:
        resolve(name)  # or it raises an exception
        assert re.search(pattern, name)
        assert any(re.match(path, name) for path in paths)
    assert not any(re.match(path, "/chat/conversations") for path in paths)
    assert ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-body-size"] == f"{largest}m"
    assert number_in(DEPLOY / "nginx.conf", r"uploads[^}]+client_max_body_size (\d+)m") == largest


def test_units_may_write_their_files() -> None:
    for name in ("chat@.service", "chat-worker.service"):
        unit = (DEPLOY / "systemd" / name).read_text()
        assert "ProtectSystem=strict" in unit
        assert "\nStateDirectory=chat\nEnvironment=MEDIA_ROOT=/var/lib/chat/" in unit


def test_servers_are_started_alike() -> None:
    lines = [" ".join(words) for words in commands() if "chatsite.asgi:application" in words]
    assert len(lines) == 2
    for line in lines:
        for option in ("--ws-max-size 65536", "--loop uvloop", "--ws-per-message-deflate false"):
            assert option in line


def test_the_image_contains_everything_that_runs() -> None:
    text = (ROOT / "Dockerfile").read_text()
    copied = set(re.findall(r"^COPY ([\w./-]+) ", text, re.MULTILINE))
    assert {"chatsite", "conversations", "notifications", "presence", "templates", "manage.py"} <= copied
    for name in copied:
        assert (ROOT / name).exists()
    kept = set(re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    assert kept == copied
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    assert packages <= copied
    assert re.search(r"^USER \d{4,}$", text, re.MULTILINE)
    assert "HEALTHCHECK" in text


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_manifests_have_their_heads(path: Path) -> None:
    for document in documents(path):
        assert document["apiVersion"]
        assert document["kind"]
        assert re.fullmatch(r"[a-z0-9-]+", document["metadata"]["name"])


def web_deployment() -> dict[str, Any]:
    (deployment,) = [one for one in of_kind("Deployment") if one["metadata"]["name"] == "chat-web"]
    return deployment


def test_references_between_manifests() -> None:
    pods = [web_deployment()["spec"]["template"]]
    labels = pods[0]["metadata"]["labels"].items()
    for service in of_kind("Service"):
        assert service["spec"]["selector"].items() <= labels
        assert (
            service["spec"]["ports"][0]["targetPort"] == pods[0]["spec"]["containers"][0]["ports"][0]["name"]
        )
    for document in of_kind("PodDisruptionBudget"):
        assert document["spec"]["selector"]["matchLabels"].items() <= labels
    for document in of_kind("Deployment"):
        own_labels = document["spec"]["template"]["metadata"]["labels"].items()
        assert document["spec"]["selector"]["matchLabels"].items() <= own_labels
    (autoscaler,) = of_kind("HorizontalPodAutoscaler")
    assert autoscaler["spec"]["scaleTargetRef"]["name"] == web_deployment()["metadata"]["name"]
    services = {
        service["metadata"]["name"]: service["spec"]["ports"][0]["name"] for service in of_kind("Service")
    }
    for ingress in of_kind("Ingress"):
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                backend = path["backend"]["service"]
                assert services[backend["name"]] == backend["port"]["name"]
    sources = {("ConfigMap", "configMapRef"), ("Secret", "secretRef")}
    for kind, reference in sources:
        names = {document["metadata"]["name"] for document in of_kind(kind)}
        for _, container in containers():
            assert {r[reference]["name"] for r in container["envFrom"] if reference in r} <= names


def test_pods_are_confined() -> None:
    for pod, container in containers():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert "memory" in container["resources"]["limits"]


def test_a_rollout_drains() -> None:
    spec = web_deployment()["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert "replicas" not in spec  # it would undo the autoscaler's work with every rollout
    grace = pod["terminationGracePeriodSeconds"]
    pause = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    shutdown = number_in(ROOT / "Dockerfile", r'timeout-graceful-shutdown", "(\d+)"')
    assert grace > pause + shutdown
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert (
        container["livenessProbe"]["httpGet"]["path"]
        == container["startupProbe"]["httpGet"]["path"]
        == "/healthz"
    )
    compose = documents(DEPLOY / "compose.yaml")[0]["services"]
    assert int(compose["web-1"]["stop_grace_period"].rstrip("s")) > shutdown


def test_the_ingress_keeps_sockets_and_polls() -> None:
    by_name = {ingress["metadata"]["name"]: ingress for ingress in of_kind("Ingress")}
    prefix = "nginx.ingress.kubernetes.io/"
    pause = number_in(DEPLOY / "nginx.conf", r"proxy_read_timeout (\d+)s")
    for ingress in by_name.values():
        assert ingress["metadata"]["annotations"][f"{prefix}proxy-read-timeout"] == str(pause)
    polling = by_name["chat-polling"]
    assert polling["metadata"]["annotations"][f"{prefix}affinity"] == "cookie"
    assert polling["spec"]["rules"][0]["http"]["paths"][0]["path"] == "/socket.io/"


def test_compose_puts_its_processes_into_the_one_nginx_configuration() -> None:
    compose = documents(DEPLOY / "compose.yaml")[0]["services"]
    text = (DEPLOY / "nginx.conf").read_text()
    script = compose["nginx"]["command"][2]
    replacements = re.findall(r"'s/([^/]+)/([^/]+)/'", script)
    assert len(replacements) == 2
    for old, new in replacements:
        assert text.count(old.replace("\\", "")) == 2  # in both upstreams
        text = text.replace(old, new)
    assert "127.0.0.1" not in text
    named = set(re.findall(r"server (web-\d):8000;", text))
    assert named == {name for name in compose if name.startswith("web-")}
    assert set(compose["nginx"]["depends_on"]) == named


def test_alerts_ask_for_metrics_that_exist_and_are_explained() -> None:
    rules = documents(DEPLOY / "prometheus-alerts.yaml")[0]["groups"][0]["rules"]
    known = {instrument.name for instrument in instruments}
    for rule in rules:
        for name in re.findall(r"\bchat_\w+", rule["expr"]):
            assert re.sub(r"_(total|bucket|count|sum)$", "", name) in known, rule["alert"]
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]
    page = (ROOT / "docs" / "operations.md").read_text()
    explained = set(re.findall(r"^\| `(Chat\w+)` \|", page, re.MULTILINE))
    assert explained == {rule["alert"] for rule in rules}


def test_every_metric_is_explained() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    explained = set(re.findall(r"`(chat_\w+)`", page)) - {"chat_doctor"}
    assert assistant_calls in instruments  # its module is loaded with the first request
    counted = {i.name + ("_total" if isinstance(i, Counter) else "") for i in instruments}
    assert explained == counted


def test_units_are_units() -> None:
    for unit in (DEPLOY / "systemd").iterdir():
        parser = configparser.RawConfigParser(strict=False, comment_prefixes=("#",))
        parser.read_string(re.sub(r"\\\n\s*", " ", unit.read_text()))
        assert parser.has_section("Unit")
        assert parser.has_section("Timer" if unit.suffix == ".timer" else "Service")
