"""A real Chromium without a window, and axe, which looks for what keeps people from using a page."""

import functools
import glob
import os
import shutil
import subprocess
import tempfile

import pytest

from .tier import REPO

PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"
CHROMIUM = shutil.which("chromium", path=PATH)
DRIVER = shutil.which("chromedriver", path=PATH)

try:
    import selenium.webdriver as webdriver
    from selenium.webdriver.common.keys import Keys
except ImportError:
    webdriver = Keys = None

needed = pytest.mark.skipif(
    not (CHROMIUM and DRIVER and webdriver),
    reason="needs chromium, chromedriver and selenium: scripts/install-packages browser",
)

AXE = "axe-playwright-python==0.1.8"
AXE_FOLDER = os.path.join(REPO, ".build/axe")


@functools.cache
def axe():
    """axe's script; None where it cannot be had. BERTH_AXE names a file that is there already."""
    path = os.environ.get("BERTH_AXE")
    if not path:
        pattern = os.path.join(AXE_FOLDER, "axe_playwright_python/axe.min.js")
        if not glob.glob(pattern) and (pip := shutil.which("pip") or shutil.which("pip3")):
            subprocess.run(
                [pip, "install", "--quiet", "--no-deps", "--disable-pip-version-check", "--target", AXE_FOLDER, AXE],
                stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
            )  # fmt: skip
        path = next(iter(glob.glob(pattern)), None)
    if not path:
        return None
    with open(path, encoding="utf-8") as file:
        return file.read()


class Browser:
    """One window. What the page logs to its console, it must not."""

    def __init__(self):
        self.profile = tempfile.TemporaryDirectory(prefix="berth-browser-")
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for argument in (
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
            f"--user-data-dir={self.profile.name}",
        ):  # fmt: skip
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        service = webdriver.chrome.service.Service(DRIVER)
        try:
            self.driver = webdriver.Chrome(service=service, options=options)
        except BaseException:
            self.profile.cleanup()
            raise
        self.driver.set_page_load_timeout(30)
        self.driver.set_script_timeout(30)

    def stop(self):
        self.driver.quit()
        self.profile.cleanup()

    def open(self, url):
        self.driver.get(url)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def run_module(self, body):
        """What the body of an asynchronous function returns."""
        script = f"const done = arguments[0]; (async () => {{ {body} }})().then((v) => done([v]), (e) => done([null, String(e)]))"
        result = self.driver.execute_async_script(script)
        assert len(result) == 1, result
        return result[0]

    def text(self, selector):
        """What is seen of an element; empty where there is none."""
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def count(self, selector):
        return self.run("return document.querySelectorAll(arguments[0]).length", selector)

    def press(self, *keys):
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()

    def size(self, width, height):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def prefer(self, **features):
        """Such as `prefer(color_scheme="dark")`."""
        wanted = [{"name": f"prefers-{name.replace('_', '-')}", "value": value} for name, value in features.items()]
        self.cdp("Emulation.setEmulatedMedia", features=wanted)

    def cdp(self, command, **parameters):
        return self.driver.execute_cdp_cmd(command, parameters)

    def screenshot(self, path, height=None):
        """Of the whole page, unless a height is given."""
        height = height or min(6000, self.run("return document.documentElement.scrollHeight"))
        width = self.run("return innerWidth")
        self.size(width, height)
        self.driver.save_screenshot(path)

    def messages(self):
        """What has come to the console since the last call."""
        return [f"{entry['level']} {entry['message']}" for entry in self.driver.get_log("browser")]

    def violations(self):
        """Serious findings of axe, as texts."""
        if not self.run("return typeof axe !== 'undefined'"):
            self.run(axe())
        found = self.run_module("return (await axe.run(document, { resultTypes: ['violations'] })).violations")
        return [
            f"{one['id']}: {node['html'][:200]} {node.get('failureSummary', '')}"
            for one in found if one["impact"] in ("serious", "critical") for node in one["nodes"]
        ]  # fmt: skip
