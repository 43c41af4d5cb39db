"""Kubernetes manifests: judged against the schemas, then read the way kubectl reads them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import List

from .verdict import Wrong


def strictly(ctx) -> List:
    """The command that refuses manifests with wrong types or unknown fields."""
    return [ctx.tool("kubernetes-validate"), "--strict", "--quiet"]


def collected(ctx, path: Path) -> Path:
    """All manifests in one file, for a checker that reads files."""
    if path.is_file():
        return path
    whole = ctx.scratch / "collected" / f"{path.name}.yaml"
    whole.parent.mkdir(exist_ok=True)
    files = [file for file in sorted(path.glob("*.yaml")) if file.name != "kustomization.yaml"]
    whole.write_text("\n---\n".join(file.read_text(encoding="utf-8") for file in files), encoding="utf-8")
    return whole


def read(ctx, path: Path) -> List[dict]:
    """All manifests of a file or a folder. Without a kustomization, all YAML files of a folder count."""
    if path.is_file() or not (path / "kustomization.yaml").exists():
        path = _kustomized(ctx, [path] if path.is_file() else sorted(path.glob("*.yaml")))
    done = ctx.run([ctx.tool("kubectl"), "kustomize", path])
    if done.code != 0:
        raise Wrong(f"kubectl cannot read it:\n{done.last_words()}")
    return [manifest for manifest in load(ctx, done.out) if manifest]


def _kustomized(ctx, files: List[Path]) -> Path:
    """A folder with copies of the files and a kustomization that names them."""
    folder = ctx.scratch / "kustomized"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for file in files:
        shutil.copy(file, folder)
    listed = {"resources": [file.name for file in files]}
    (folder / "kustomization.yaml").write_text(json.dumps(listed), encoding="utf-8")
    return folder


def load(ctx, text: str) -> list:
    """The documents of a YAML text as Python values."""
    done = ctx.run([ctx.tool("yaml-to-json")], input=text)
    if done.code != 0:
        raise Wrong(f"not YAML:\n{done.last_words(3)}")
    return json.loads(done.out)
