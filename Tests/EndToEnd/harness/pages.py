"""The commands of documentation pages, as a reader pastes them: in the order of the page, in a network of their own.

In that network every address that the pages use is one of the machine's own, so that their ports are free.
"""

import os
import re
import shlex
import shutil
import subprocess
import textwrap

from . import tier

# What the pages run on the machine of a reader, besides shell built-ins.
PROGRAMS = {"berth", "curl", "kill", "mkdir", "printf", "python3", "sed", "test", "until", "cp", "dig", "ldd", "nft", "openssl"}
# Not run: they build, install, or need what a test does not have.
NOT_RUN = re.compile(
    r"^(make|swift|swiftly|\./swiftly|tar|docker|podman|sudo|systemctl|useradd|install|apt-get|dnsmasq|named-checkzone|"
    r"nft|dig|examples/|Benchmarks/|Fuzz/|scripts/|BERTH\w*=|/usr/bin|git |export PATH|\. |cp \.build|https?://)|\| nc |download\.swift\.org"
)
# A synopsis, not a command.
SYNOPSIS = re.compile(r"…|\[--|\[command|\bURL\b|PATTERN|\bNAME\b|list\|get| \| --")

# The addresses of the pages.
ADDRESSES = ["10.0.0.1", "10.0.0.5", "10.0.0.11", "10.0.0.53"]


def blocks(page):
    """(line, language, text) of each code block: fenced, or indented by four."""
    with open(os.path.join(tier.REPO, page)) as file:
        lines = file.read().split("\n")
    found, index = [], 0
    while index < len(lines):
        line = lines[index]
        if line.startswith("```"):
            start = index
            index += 1
            while not lines[index].startswith("```"):
                index += 1
            found.append((start + 2, line[3:].strip(), "\n".join(lines[start + 1 : index])))
        elif line.startswith("    ") and (index == 0 or not lines[index - 1].strip()):
            start = index
            while index < len(lines) and (lines[index].startswith("    ") or not lines[index].strip()):
                index += 1
            found.append((start + 1, "", textwrap.dedent("\n".join(lines[start:index])).rstrip("\n")))
            continue
        index += 1
    return found


def logical(text):
    """Lines, with those that end in a backslash joined to the next."""
    for line in text.replace("\\\n", "\\\0").split("\n"):
        yield line.replace("\\\0", "\\\n")


def commands(page):
    """(line, command) for each command of a page."""
    for line, language, text in blocks(page):
        if language not in ("", "console", "sh"):
            continue
        prompted = any(one.startswith("$ ") for one in text.split("\n"))
        for one in logical(text):
            if prompted and not one.startswith("$ "):
                continue
            command = one.removeprefix("$ ").strip()
            if not command or command.startswith("#"):
                continue
            if prompted or command.split()[0] in PROGRAMS or NOT_RUN.match(command):
                yield line, command


def runnable(page):
    return [
        (line, command)
        for line, command in commands(page)
        if not NOT_RUN.search(command) and not SYNOPSIS.search(command)
    ]


# Verbs that do not end by themselves.
LASTING = re.compile(r"^berth (front|local|demo|names watch)\b")


# What a tier or the demo writes when it serves, and `names watch` when it has the names.
SERVES = "grep -v 'not ready' logs/$n | grep -qE ' ready$|Berth is running|^[a-z]+ +host_'"


def script(page, extra=""):
    """A shell script that runs the commands of a page and prints `EXIT code line command` after each.

    A command that does not end by itself and is not put into the background is ended before the next block: a reader
    presses Ctrl-C, or uses another shell for the rest of the block.
    """
    out = ["set -u", "ip link set lo up"]
    out += [f"ip address add {address}/32 dev lo" for address in ADDRESSES]
    # What the pages write outside the folder stays in here.
    out += [f"mount -t tmpfs tmpfs {folder}" for folder in ("/run", "/var/log", "/var/lib")]
    out += ["mkdir -p logs /run/berth; n=0; open=", extra]
    block = None
    for line, command in runnable(page):
        if line != block:
            out += ['for pid in $open; do kill -TERM $pid 2>/dev/null; wait $pid; done; open=']
        block = line
        shown = shlex.quote(f"{line} {command}")
        if LASTING.match(command):
            stays = re.search(r"&(\s+#.*)?$", command)
            command = re.sub(r"\s*&?(\s+#.*)?$", "", command)
            out += [
                f"n=$((n + 1)); {command} >logs/$n 2>&1 &",
                "pid=$!",
                f"for _ in $(seq 100); do {SERVES} && break; kill -0 $pid 2>/dev/null || break; sleep 0.05; done",
                f"if kill -0 $pid 2>/dev/null; then echo EXIT 0 {shown}; else wait $pid; echo EXIT $? {shown}; cat logs/$n; fi",
            ]
            if not stays:
                out += ['open="$open $pid"']
        elif re.search(r"&(\s+#.*)?$", command):
            out += [command, f"echo EXIT 0 {shown}"]
        else:
            out += [command, f"echo EXIT $? {shown}"]
    return "\n".join(out) + "\n"


def run(page, directory, files=None, extra="", seconds=60):
    """Runs a page in a directory with a copy of `rules/`: [(code, "line command")], and everything that was said.

    `files`: further files; `extra`: what has to run before, in the same network.
    """
    directory = str(directory)
    shutil.copytree(os.path.join(tier.REPO, "rules"), os.path.join(directory, "rules"))
    for name, text in (files or {}).items():
        path = os.path.join(directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
    programs = os.path.join(directory, "bin")
    os.makedirs(programs)
    os.symlink(tier.BERTH, os.path.join(programs, "berth"))
    os.makedirs(os.path.join(directory, ".build/release"))
    os.symlink(tier.BERTH, os.path.join(directory, ".build/release/berth"))
    environment = dict(os.environ, PATH=f"{programs}:{os.environ['PATH']}", HOME=directory)
    done = subprocess.run(
        # Swift's runtime looks for its threads in /proc.
        ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c",
         script(page, extra)],
        cwd=directory, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=seconds,
    )  # fmt: skip
    results = [(int(code), rest) for code, rest in re.findall(r"^EXIT (\d+) (.*)$", done.stdout, re.MULTILINE)]
    return results, done.stdout
