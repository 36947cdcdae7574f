"""WordPress behind both tiers: install, log in, upload 20 MB, redirects, mail; and a name with underscores."""

import html
import re

import pytest

from harness import wait
from harness.site import WAYS, Browser, Site, marks, needs, payload
from harness.wordpress import SOURCE, WordPress, fpm

pytestmark = [*marks, needs(SOURCE, fpm(), "mariadbd", "mariadb-install-db", "nginx")]


def install(browser, base):
    fields = {
        "weblog_title": "Harbour", "user_name": "eva", "admin_password": "secret-secret-1", "admin_password2": "secret-secret-1",
        "pw_weak": "on", "admin_email": "eva@test.priv", "blog_public": "0", "Submit": "Install WordPress", "language": "",
    }  # fmt: skip
    answer = browser.post(f"{base}/wp-admin/install.php?step=2", fields)
    assert answer.status == 200 and "Success!" in answer.text, answer.text[:3000]


def log_in(browser, base):
    browser.get(f"{base}/wp-login.php")
    fields = {"log": "eva", "pwd": "secret-secret-1", "wp-submit": "Log In", "redirect_to": f"{base}/wp-admin/", "testcookie": "1"}
    answer = browser.post(f"{base}/wp-login.php", fields)
    assert answer.url == f"{base}/wp-admin/", answer.url
    assert "Dashboard" in answer.text
    return answer


@pytest.mark.parametrize("way", WAYS)
def test_install_log_in_upload_redirects_and_mail(way, tmp_path, stopping):
    app = stopping(WordPress(tmp_path / "app"))
    site = stopping(Site(tmp_path, way, "wordpress", app.port))
    browser = stopping(Browser(site))
    base = f"{site.scheme}://{site.seen}"

    # A site that is not installed leads to its installation.
    answer = browser.get("/", follow=False)
    assert answer.status == 302 and answer.field("Location").startswith(f"{base}/wp-admin/install.php"), answer.head
    install(browser, base)
    # Who is not logged in is led to the form, under the name that the client can reach.
    answer = browser.get(f"{base}/wp-admin/", follow=False)
    assert answer.status == 302 and answer.field("Location").startswith(f"{base}/wp-login.php?redirect_to="), answer.head
    log_in(browser, base)

    page = browser.get(f"{base}/wp-admin/media-new.php?browser-uploader")
    fields = {"_wpnonce": page.form("_wpnonce"), "post_id": "0", "html-upload": "Upload"}
    data = b"PK\x03\x04" + payload()
    answer = browser.upload(f"{base}/wp-admin/media-new.php", "async-upload", data, fields, name="large.zip")
    assert answer.status == 200 and "/wp-admin/upload.php" in answer.url, answer.url + answer.text[:3000]
    listed = browser.get(f"{base}/wp-admin/upload.php?mode=list").text
    link = re.search(rf"{re.escape(base)}/wp-content/uploads/[^\"'<> ]*large[^\"'<> ]*\.zip", html.unescape(listed))
    found = link.group(0) if link else f"{base}/wp-content/uploads/" + re.search(r"\d{4}/\d\d/large[-\d]*\.zip", listed or "").group(0)
    assert browser.get(found).body == data

    browser.post(f"{base}/wp-login.php?action=lostpassword", {"user_login": "eva", "redirect_to": "", "wp-submit": "Get"})
    wait.until(lambda: f"wordpress@{site.seen}" in app.mails(), what="a mail")
    # The links in it lead back here.
    assert f"{base}/wp-login.php?" in app.mails().replace("=\n", "").replace("=3D", "=")


def test_with_a_name_with_underscores_no_mail_leaves(tmp_path, stopping):
    """As docs/underscores.md has it."""
    app = stopping(WordPress(tmp_path / "app"))
    site = stopping(Site(tmp_path, "underscores", "wordpress", app.port))
    browser = stopping(Browser(site))
    install(browser, site.url)
    answer = browser.post("/wp-login.php?action=lostpassword", {"user_login": "eva", "redirect_to": "", "wp-submit": "Get"})
    assert "could not be sent" in answer.text
    assert app.mails() == ""
