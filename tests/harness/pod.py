"""Run a pod's containers here, without Kubernetes, up to the moment the server would start.

Volumes become folders, environment variables and `$(NAME)` are filled in as
Kubernetes fills them in, init containers are really run, and the words the
server would get are written down by a stand-in. Paths inside the container are
replaced by those of the folders wherever they stand for themselves, so a value
that contains the path of a mount would be changed: the samples have none.
"""

from __future__ import annotations

import base64
import re
import shutil
from pathlib import Path
from typing import Dict, List, Mapping, Sequence, Tuple

from .standin import server_words
from .verdict import Wrong

PASSWORD = "password-of-the-test"
# Names that a container may well have in its environment: an unprotected `$(HOME)` is then replaced.
SURROUNDINGS = {"HOME": "/root", "HOSTNAME": "pod-0", "KUBERNETES_SERVICE_HOST": "10.0.0.1"}
WORKLOADS = ("Deployment", "DaemonSet", "Pod", "StatefulSet")


def pods(manifests: Sequence[dict]) -> List[Tuple[str, dict]]:
    """Each workload's name and the specification of its pods."""
    found = []
    for manifest in manifests:
        if manifest["kind"] in WORKLOADS:
            spec = manifest["spec"] if manifest["kind"] == "Pod" else manifest["spec"]["template"]["spec"]
            found.append((manifest["metadata"]["name"], spec))
    return found


def start(ctx, spec: dict, manifests: Sequence[dict], engine: str) -> List[str]:
    """The words that the server in this pod is started with. The server is the first container."""
    root = ctx.scratch / "pod"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    for volume in spec.get("volumes", []):
        _fill(root / volume["name"], volume, manifests)
    for container in spec.get("initContainers", []):
        command, env = _ready(container, root)
        done = ctx.run(command, env=env, timeout=30)
        if done.code != 0:
            raise Wrong(f"init container {container['name']} ended with status {done.code}:\n{done.last_words()}")
    command, env = _ready(spec["containers"][0], root)
    return server_words(ctx, command, engine, env)


def expand(text: str, env: Mapping[str, str]) -> str:
    """`$(NAME)` replaced and `$$` halved, by the rules Kubernetes has for command, args and env."""
    def one(match: "re.Match[str]") -> str:
        if match.group(0) == "$$":
            return "$"
        return env.get(match.group(1), match.group(0))

    return re.sub(r"\$\$|\$\(([^)]*)\)", one, text)


def _ready(container: dict, root: Path) -> Tuple[List[str], Dict[str, str]]:
    """The command and the environment of a container, with its paths leading to our folders."""
    paths = _paths(container, root)
    for file in root.rglob("*"):
        if file.is_file():
            raw = file.read_bytes()
            text = raw.decode(errors="surrogateescape")
            file.write_bytes(_relocate(text, paths, root).encode(errors="surrogateescape"))
    env: Dict[str, str] = {}
    for variable in container.get("env", []):
        env[variable["name"]] = _relocate(_value(variable, container, {**SURROUNDINGS, **env}), paths, root)
    words = [*container.get("command", []), *container.get("args", [])]
    if None in words:  # The schemas let it pass; kubectl refuses it, the API server reads an empty word.
        raise Wrong(f"{container['name']}: a word of the command is null")
    return [_relocate(expand(word, {**SURROUNDINGS, **env}), paths, root) for word in words], env


def _paths(container: dict, root: Path) -> Dict[str, str]:
    """Path in the container -> path here, the longest first."""
    found = {}
    for mount in container.get("volumeMounts", []):
        folder = root / mount["name"]
        folder.mkdir(exist_ok=True)  # Claims are not among the volumes of a StatefulSet.
        found[mount["mountPath"].rstrip("/")] = str(folder / mount.get("subPath", ""))
    return dict(sorted(found.items(), key=lambda item: -len(item[0])))


def _relocate(text: str, paths: Mapping[str, str], root: Path) -> str:
    if not paths:
        return text
    # What was replaced before is left alone, also when `/tmp` is a mount and our folders are in /tmp.
    known = "|".join(map(re.escape, paths))
    pattern = rf"(?<![\w./-])(?:(?P<done>{re.escape(str(root))})|(?P<path>{known}))(?![\w.-])"
    return re.sub(pattern, lambda match: match.group("done") or paths[match.group("path")], text)


def _value(variable: dict, container: dict, env: Mapping[str, str]) -> str:
    if "value" in variable or "valueFrom" not in variable:
        return expand(variable.get("value", ""), env)
    source = variable["valueFrom"]
    if "secretKeyRef" in source:
        return PASSWORD
    if "fieldRef" in source:
        return {"metadata.name": "pod-0", "status.podIP": "10.0.0.2"}.get(source["fieldRef"]["fieldPath"], "0")
    raise Wrong(f"{container['name']}: {variable['name']} comes from {', '.join(source)}, which is not simulated")


def _fill(folder: Path, volume: dict, manifests: Sequence[dict]) -> None:
    folder.mkdir()
    for source in volume.get("projected", {}).get("sources", [volume]):
        if "configMap" in source:
            _write(folder, _data(manifests, "ConfigMap", source["configMap"]["name"]), source["configMap"])
        elif "secret" in source:
            name = source["secret"].get("secretName") or source["secret"]["name"]
            _write(folder, _secret(manifests, name, source["secret"]), source["secret"])


def _data(manifests: Sequence[dict], kind: str, name: str) -> dict:
    for manifest in manifests:
        if manifest["kind"] == kind and manifest["metadata"]["name"] == name:
            return manifest.get("data") or {}
    raise Wrong(f"a pod mounts {kind} {name}, which is not there")


def _secret(manifests: Sequence[dict], name: str, source: dict) -> dict:
    """A Secret that is not among the manifests exists already: each key wanted of it holds the test's password."""
    for manifest in manifests:
        if manifest["kind"] == "Secret" and manifest["metadata"]["name"] == name:
            coded = {key: base64.b64decode(value).decode() for key, value in (manifest.get("data") or {}).items()}
            return {**coded, **(manifest.get("stringData") or {})}
    return {item["key"]: PASSWORD for item in source.get("items", [])}


def _write(folder: Path, data: Mapping[str, str], source: dict) -> None:
    items = source.get("items") or [{"key": key, "path": key} for key in data]
    for item in items:
        if item["key"] not in data:
            raise Wrong(f"key {item['key']} is mounted, but is not there")
        path = folder / item["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data[item["key"]].encode())
        path.chmod(0o755)
