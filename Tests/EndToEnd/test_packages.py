"""The Debian package, the tarball and the container image: built from the program under test, used, and removed."""

import os
import re
import shutil
import signal
import subprocess
import tempfile

import pytest

from harness import tier, wait
from harness.packaged import PACKAGING, Front, get, packed, rules, run

pytestmark = [
    pytest.mark.example,
    pytest.mark.skipif(os.geteuid() != 0, reason="a root of its own needs root"),
    pytest.mark.skipif(not shutil.which("dh"), reason="needs debhelper: scripts/install-packages packages"),
]

# What the package manager itself keeps, and the copies that tools make of the files of users.
KEPT = re.compile(
    r"var/lib/dpkg/|var/cache/(debconf|ldconfig)/|var/log/|etc/(passwd|group|shadow|gshadow|sub[ug]id)-$|etc/\.pwd\.lock$"
    r"|run/adduser$"
)
# Not a disk's: a system has thousands of small files.
MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None
CODENAME = re.compile(r"^VERSION_CODENAME=(\w+)", re.MULTILINE)


@pytest.fixture(scope="module")
def folder():
    with tempfile.TemporaryDirectory(prefix="berth-packages-", dir=MEMORY) as folder:
        yield folder


@pytest.fixture(scope="module")
def deb(folder):
    """The package; not compressed, and without debugging information: that is what takes long."""
    return packed("deb", folder, LEVEL="0", DEB_BUILD_OPTIONS="noautodbgsym")


@pytest.fixture(scope="module")
def tarball(folder):
    return packed("tarball", folder)


@pytest.fixture(scope="module")
def root(deb, folder):
    """A system of its own with nothing but what the package depends on."""
    depends = run(["dpkg-deb", "--field", deb, "Depends"])
    names = ",".join(one.split()[0] for one in depends.split(","))
    with open("/etc/os-release") as file:
        codename = CODENAME.search(file.read()).group(1)
    root = os.path.join(folder, "root")
    # Without the pages of others, which take longer than the rest.
    quick = [f"--dpkgopt=path-exclude=/usr/share/{one}/*" for one in ("doc", "man", "locale")]
    run(["mmdebstrap", "--quiet", "--variant=essential", f"--include={names}", "--dpkgopt=force-unsafe-io",
         *quick, codename, root])  # fmt: skip
    os.remove(f"{root}/etc/dpkg/dpkg.cfg.d/99mmdebstrap")
    return root


def version(name):
    return run([os.path.join(PACKAGING, "version")]).strip() + name


def within(root, *options):
    """The command that runs another one there. Programs in Swift find their arguments in /proc."""
    return ["unshare", f"--mount-proc={root}/proc", "chroot", *options, root]


def in_root(root, *command):
    return run([*within(root), *command], env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"})


def files(root):
    """Everything in a system, but for what its package manager keeps."""
    found = set()
    for folder, folders, names in os.walk(root):
        for name in folders + names:
            path = os.path.relpath(os.path.join(folder, name), root)
            if not KEPT.search(path):
                found.add(path)
    return found


def build_id(path):
    return re.search(r"Build ID: (\w*)", run(["readelf", "--notes", path])).group(1)


def read(*path):
    with open(os.path.join(*path)) as file:
        return file.read()


def write(text, *path):
    with open(os.path.join(*path), "w") as file:
        file.write(text)


def newer(deb, folder):
    """The same package as the next revision."""
    parts = os.path.join(folder, "newer")
    run(["dpkg-deb", "--raw-extract", deb, parts])
    control = read(parts, "DEBIAN/control")
    write(control.replace(version("-1"), version("-2")), parts, "DEBIAN/control")
    made = os.path.join(folder, "newer.deb")
    run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", parts, made])
    return made


def test_lintian_finds_nothing(deb):
    said = run(["lintian", "--allow-root", "--fail-on", "error,warning", deb])
    assert not re.search("^[EW]:", said, re.MULTILINE), said


def test_the_package_is_installed_upgraded_and_purged(deb, root, folder, greeters, stopping):
    before = files(root)
    users = [read(root, "etc", name) for name in ("passwd", "group")]
    shutil.copy(deb, f"{root}/first.deb")
    shutil.copy(newer(deb, folder), f"{root}/second.deb")

    in_root(root, "dpkg", "--install", "/first.deb")
    shown = in_root(root, "berth", "--version").strip()
    assert re.fullmatch(re.escape(version("")) + r"( \([0-9a-f]{12}(-dirty)?\))?", shown), shown
    assert "berth:x:" in read(root, "etc/passwd")
    for name in ("front", "local"):
        in_root(root, "berth", "check", f"/etc/berth/{name}.yaml")
    in_root(root, "berth", "test", "/usr/share/doc/berth/examples/rules")
    # Its units are there, and none is enabled.
    units = {name for name in os.listdir(os.path.join(PACKAGING, "systemd")) if name.startswith("berth-")}
    assert units - set(os.listdir(f"{root}/lib/systemd/system")) == set()
    assert not [name for _, _, names in os.walk(f"{root}/etc/systemd") for name in names if "berth" in name]
    # It serves, as the user that the package made.
    write(rules(greeters), root, "etc/berth/mine.yaml")
    front = [*within(root, "--userspec=berth:berth"), "/usr/bin/berth"]
    running = stopping(Front(front, "/etc/berth/mine.yaml", f"{folder}/front.log"))
    assert running.get() == (200, b"127.0.7.1")

    # An upgrade keeps what an administrator changed, and leaves a running tier alone.
    changed = read(root, "etc/berth/front.yaml").replace("test.priv", "apps.example.org").replace("test\\.priv", "apps\\.example\\.org")
    write(changed, root, "etc/berth/front.yaml")
    in_root(root, "dpkg", "--install", "/second.deb")
    assert in_root(root, "dpkg-query", "--show", "--showformat=${Version}", "berth") == version("-2")
    assert read(root, "etc/berth/front.yaml") == changed
    assert running.get() == (200, b"127.0.7.1")
    running.stop()

    # Removed: the program is gone, the configuration is not. Purged: both, with state and logs.
    in_root(root, "dpkg", "--remove", "berth")
    assert not os.path.exists(f"{root}/usr/bin/berth") and read(root, "etc/berth/front.yaml") == changed
    for path in ("var/lib/berth/names", "var/log/berth"):
        os.makedirs(f"{root}/{path}")
    write("a line", root, "var/log/berth/access.log")
    in_root(root, "dpkg", "--purge", "berth")
    # A file that is not the package's is not the package's to delete.
    os.remove(f"{root}/etc/berth/mine.yaml")
    os.rmdir(f"{root}/etc/berth")
    for name in ("first", "second"):
        os.remove(f"{root}/{name}.deb")
    assert files(root) ^ before == set()
    assert [read(root, "etc", name) for name in ("passwd", "group")] == users


def test_every_command_has_a_manual_page_and_a_completion(deb, folder):
    there = os.path.join(folder, "content")
    run(["dpkg-deb", "--extract", deb, there])
    pages = set(os.listdir(f"{there}/usr/share/man/man1"))
    commands = set(re.findall(r"^  ([a-z][a-z-]*)", run([tier.BERTH, "--help"]).partition("SUBCOMMANDS:")[2], re.MULTILINE))
    assert {"front", "local", "check"} <= commands
    assert {f"berth-{one}.1.gz" for one in commands} - pages == set()
    assert {"berth.1.gz", "berth-names-list.1.gz"} <= pages

    completions = f"{there}/usr/share"
    offered = run(["bash", "-c", f"""
        . {completions}/bash-completion/completions/berth
        COMP_WORDS=(berth fro) COMP_CWORD=1 COMP_LINE='berth fro' COMP_POINT=9
        $(complete -p berth | sed 's/.*-F \\([^ ]*\\).*/\\1/') berth fro berth
        echo "${{COMPREPLY[@]}}"
    """])  # fmt: skip
    assert offered.split() == ["front"]
    run(["zsh", "-n", f"{completions}/zsh/vendor-completions/_berth"])
    offered = run(["fish", "--no-config", "-c", f"source {completions}/fish/vendor_completions.d/berth.fish; complete -C 'berth fro'"],
                  env=os.environ | {"HOME": folder, "PATH": f"{there}/usr/bin:{os.environ['PATH']}"})  # fmt: skip
    assert offered.split()[0] == "front"


def test_the_tarball_runs_where_it_is_and_is_installed_and_removed(tarball, tmp_path, greeters, stopping):
    run(["tar", "--extract", "--file", tarball, "--directory", tmp_path])
    (place,) = os.listdir(tmp_path)
    place = os.path.join(tmp_path, place)
    write(rules(greeters), tmp_path, "mine.yaml")
    front = stopping(Front([f"{place}/root/usr/local/bin/berth"], f"{tmp_path}/mine.yaml", f"{tmp_path}/front.log"))
    assert front.get() == (200, b"127.0.7.1")
    # What debuggers need lies beside it, and belongs to this program.
    debug = tarball.replace(".tar.gz", ".debug")
    assert build_id(debug) == build_id(f"{place}/root/usr/local/bin/berth") != ""

    to = os.path.join(tmp_path, "to")
    os.makedirs(f"{to}/etc")
    install = [f"{place}/install"]
    environment = os.environ | {"DESTDIR": to}
    run(install, env=environment)
    assert run([f"{to}/usr/local/bin/berth", "--version"]).split()[0] == version("")
    run([f"{to}/usr/local/bin/berth", "check", f"{to}/etc/berth/front.yaml"])
    # Again, over what was changed.
    write("# mine\n", to, "etc/berth/front.yaml")
    run(install, env=environment)
    assert read(to, "etc/berth/front.yaml") == "# mine\n"
    os.remove(f"{to}/etc/berth/front.yaml.new")
    assert "etc/berth/front.yaml" in run([*install, "--remove"], env=environment)
    left = {path for path in files(to) if os.path.isfile(f"{to}/{path}")}
    assert left == {"etc/berth/front.yaml"}


@pytest.mark.skipif(not shutil.which("podman"), reason="needs podman: scripts/install-packages examples")
def test_the_image_serves_as_nobody_in_particular(greeters, folder):
    # podman of its own, with the settings of the examples.
    with tempfile.TemporaryDirectory(prefix="berth-", dir=MEMORY) as store:
        made = f"EXAMPLE={store} && . {tier.REPO}/scripts/example-lib.sh && engine {store}"
        run(["sh", "-euc", made])
        podman = f"{store}/pod"
        print(packed("image/build", "localhost/berth", PODMAN=podman))
        os.makedirs(f"{folder}/rules", exist_ok=True)
        write(rules(greeters), folder, "rules/mine.yaml")
        os.chmod(folder, 0o755)
        limits = ["--ulimit", "nofile=10000:10000", "--ulimit", "nproc=10000:10000"]
        options = ["front", "--config", "/rules/mine.yaml", "--listen", "127.0.0.1:0"]
        run([podman, "run", "--detach", "--name", "front", "--network", "host", "--read-only", "--cap-drop", "all",
             *limits, "--volume", f"{folder}/rules:/rules:ro", "localhost/berth", *options])  # fmt: skip
        try:
            log = lambda: run([podman, "logs", "front"])  # noqa: E731
            port = int(wait.until(lambda: tier.LISTENING.search(log()), what="the container to listen").group(1))
            assert get(port) == (200, b"127.0.7.1")
            assert "healthy" in wait.until(lambda: healthy(podman), what="the health check to pass")
            user = run([podman, "top", "front", "huser"]).split()[1:]
            assert user == ["65532"]
            # No shell, and nothing to write to.
            assert subprocess.run([podman, "exec", "front", "/bin/sh"], capture_output=True).returncode != 0
            run([podman, "kill", "--signal", str(int(signal.SIGTERM)), "front"])
            assert run([podman, "wait", "front"]).split()[-1] == "0"
        finally:
            run([podman, "rm", "--force", "--time", "0", "--all"])


def healthy(podman):
    result = subprocess.run([podman, "healthcheck", "run", "front"], capture_output=True, text=True)
    return "healthy" if result.returncode == 0 else None
