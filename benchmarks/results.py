"""The page `results.md`: each benchmark writes a section of its own."""

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).with_name("results.md")

_TITLE = "# What was measured\n\nEach section is written by the benchmark that it names; `make bench` runs them.\n"


def write_section(name: str, text: str) -> None:
    """Write a benchmark's section, in place of the one that it wrote before."""
    page = PAGE.read_text() if PAGE.exists() else _TITLE
    section = f"<!-- {name} -->\n{text.strip()}\n<!-- end of {name} -->\n"
    old = re.compile(rf"<!-- {re.escape(name)} -->.*<!-- end of {re.escape(name)} -->\n", re.DOTALL)
    PAGE.write_text(old.sub(lambda _: section, page) if old.search(page) else f"{page}\n{section}")


def machine() -> str:
    """Return a line that says where and when something was measured."""
    processor = _processor()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    today = datetime.now(UTC).date().isoformat()
    return f"{today}, {os.cpu_count()} cores ({processor}), Python {platform.python_version()}, load before: {load}."


def _processor() -> str:
    if Path("/proc/cpuinfo").exists():
        named = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
        return named[1] if named else platform.machine()
    if platform.system() == "Darwin":
        return subprocess.check_output(["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"], text=True).strip()
    return platform.machine()


def table(header: list[str], rows: list[list[str]]) -> str:
    """Return a table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
