"""Relative links of the documentation lead to files and headings that exist."""
import os
import re
import subprocess

REPO = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))


def pages():
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=REPO, capture_output=True, text=True, check=True, timeout=60,
    )
    return [page for page in listed.stdout.split() if os.path.exists(os.path.join(REPO, page))]


def prose(page):
    """The page without its code blocks."""
    with open(os.path.join(REPO, page)) as file:
        return re.sub(r"(?ms)^```.*?^```$", "", file.read())


def anchors(page):
    """The fragments of a page: its headings, as forges spell them, and its explicit anchors."""
    text = prose(page)
    found = set(re.findall(r'<a id="([^"]+)">', text))
    for heading in re.findall(r"(?m)^#+ (.*)$", text):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        found.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return found


def broken(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", prose(page))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, fragment = link.partition("#")
        target = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
        if not os.path.exists(os.path.join(REPO, target)):
            yield f"{page}: {link}: no such file"
        elif fragment and fragment not in anchors(target):
            yield f"{page}: {link}: no such heading"


def test_links():
    assert [problem for page in pages() for problem in broken(page)] == []


def test_each_page_is_in_the_index():
    index = prose("docs/README.md")
    for page in pages():
        if page.startswith("docs/") and page != "docs/README.md":
            assert f"]({page.removeprefix('docs/')})" in index, page
