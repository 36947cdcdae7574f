"""Django with its admin behind both tiers: install, log in, upload 20 MB, redirects; and a name with underscores."""

import hashlib
import os
import subprocess
import sys

import pytest

from harness.site import WAYS, Browser, Program, Site, marks, needs, payload

pytestmark = [*marks, needs("/usr/lib/python3/dist-packages/django", "gunicorn")]

APP = """
import hashlib, os, sys
from django.conf import settings

settings.configure(
    DEBUG=False, SECRET_KEY="test", ROOT_URLCONF=__name__, ALLOWED_HOSTS=[os.environ.get("HOSTS", ".test.priv")],
    INSTALLED_APPS=["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
                    "django.contrib.messages"],
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware", "django.contrib.sessions.middleware.SessionMiddleware",
                "django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
                "django.contrib.auth.middleware.AuthenticationMiddleware",
                "django.contrib.messages.middleware.MessageMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {
        "context_processors": ["django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
                               "django.contrib.messages.context_processors.messages"]}}],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(os.path.dirname(os.path.abspath(__file__)), "db")}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
    SESSION_COOKIE_SECURE=os.environ["SECURE"] == "1", CSRF_COOKIE_SECURE=os.environ["SECURE"] == "1",
)
import django
django.setup()

from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.http import JsonResponse
from django.middleware.csrf import get_token
from django.urls import path

@login_required(login_url="/admin/login/")
def upload(request):
    if request.method == "GET":
        return JsonResponse({"token": get_token(request), "url": request.build_absolute_uri()})
    data = request.FILES["file"].read()
    return JsonResponse({"user": request.user.username, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()})

urlpatterns = [path("admin/", admin.site.urls), path("upload/", upload)]

from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()

if __name__ == "__main__":
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
"""


def django(tmp_path, secure=False, hosts=".test.priv"):
    (tmp_path / "app.py").write_text(APP)
    environment = {
        "SECURE": str(int(secure)), "HOSTS": hosts, "DJANGO_SUPERUSER_PASSWORD": "secret", "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    for command in (["migrate", "--verbosity", "0"], ["createsuperuser", "--noinput", "--username", "eva", "--email", "eva@test.priv"]):
        subprocess.run(
            [sys.executable, "app.py", *command], cwd=tmp_path, env=dict(os.environ, **environment), check=True, timeout=120
        )
    command = ["gunicorn", "--bind", "127.0.0.1:{port}", "--threads", "4", "--worker-tmp-dir", str(tmp_path), "app:application"]
    return Program(tmp_path, "django", command, environment)


@pytest.mark.parametrize("way", WAYS)
def test_install_log_in_upload_and_redirects(way, tmp_path, stopping):
    app = stopping(django(tmp_path, secure=way.endswith("-tls")))
    site = stopping(Site(tmp_path, way, "shop", app.port))
    browser = stopping(Browser(site))
    answer = browser.get("/admin", follow=False)
    assert (answer.status, answer.field("Location")) == (301, "/admin/")
    base = f"{site.scheme}://{site.seen}"
    page = browser.get(f"{base}/admin/")
    assert page.url.startswith(f"{base}/admin/login/")
    fields = {"username": "eva", "password": "secret", "csrfmiddlewaretoken": page.form("csrfmiddlewaretoken"), "next": "/upload/"}
    answer = browser.post(page.url, fields, "--referer", page.url)
    assert answer.status == 200, answer.text
    import json

    seen = json.loads(answer.body)
    assert seen["url"] == f"{base}/upload/"
    data = payload()
    answer = browser.upload(
        f"{base}/upload/", "file", data, {"csrfmiddlewaretoken": seen["token"]}, "--referer", f"{base}/upload/"
    )
    assert json.loads(answer.body) == {"user": "eva", "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def test_a_name_with_underscores_is_refused(tmp_path, stopping):
    """As docs/underscores.md has it."""
    app = stopping(django(tmp_path, hosts="*"))
    site = stopping(Site(tmp_path, "underscores", "shop", app.port))
    assert stopping(Browser(site)).get("/admin/").status == 400
