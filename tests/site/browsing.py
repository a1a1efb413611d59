"""Chromium, driven by tests."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

MISSING = "chromium and chromedriver are needed; `apt install chromium chromium-driver`"
ROWS = "[...document.querySelectorAll('#ledger tbody tr')]"


class Browser(webdriver.Chrome):
    """Chromium without a screen, and the report's folder."""

    site: Path

    @classmethod
    def started(cls, site: Path, profile: Path) -> "Browser":
        """Start Chromium with a profile of its own."""
        chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
        if not chromium or not driver:
            pytest.fail(MISSING)
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        for argument in (*root, "--headless=new", "--disable-gpu", "--disable-dev-shm-usage"):
            options.add_argument(argument)
        options.add_argument(f"--user-data-dir={profile}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        made = cls(options=options, service=webdriver.ChromeService(driver))
        made.site = site
        made.get("about:blank")  # in place of a page of its own, which loads files
        made.asked()
        return made

    def open(self, page: str | Path, width: int = 1280, **media: str) -> None:
        features = [
            {"name": name.replace("_", "-"), "value": value}
            for name, value in ({"prefers_color_scheme": "light"} | media).items()
        ]
        self.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        self.resize(width)
        self.get((self.site / page).as_uri())

    def resize(self, width: int) -> None:
        """Set the screen's width; a narrow one is a phone's."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def find(self, selector: str) -> list[Any]:
        return self.find_elements(By.CSS_SELECTOR, selector)

    def shown(self) -> list[str]:
        return self.execute_script(
            f"return {ROWS}.filter(row => row.offsetParent).map(row => row.id)"
        )

    def said(self) -> list[str]:
        return [entry["message"] for entry in self.get_log("browser")]

    def asked(self) -> list[str]:
        events = [json.loads(e["message"])["message"] for e in self.get_log("performance")]
        sent = [e["params"] for e in events if e["method"] == "Network.requestWillBeSent"]
        return [params["request"]["url"] for params in sent]
