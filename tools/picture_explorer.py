"""Make pictures of every view of the explorer, light and dark, wide and narrow, to be looked at.

    python tools/picture_explorer.py PAGE/index.html FOLDER

Where nothing moves any more: toys in a view are given ten seconds.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

from pages import Opened, chromium  # noqa: E402

SETTLED = {"story": 10_000, "toy": 10_000}  # milliseconds


def main() -> None:
    """Open each view in each setting, and keep a picture of the whole page."""
    page, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for width in (1280, 400):
            for scheme in ("light", "dark"):
                first = Opened(browser, page.as_uri(), width, scheme)
                links = first.page.locator("nav a").evaluate_all("all => all.map(a => a.hash)")
                first.page.close()
                for link in links:
                    view = link.partition("view=")[2].partition("&")[0]
                    address = f"{page.as_uri()}{link}&tokens=1000"
                    opened = Opened(browser, address, width, scheme)
                    opened.page.wait_for_timeout(SETTLED.get(view, 2000))
                    screen = link.partition("screen=")[2]
                    file = folder / f"{view}{screen}-{width}-{scheme}.png"
                    opened.page.screenshot(path=file, full_page=True)
                    opened.check()
                    opened.page.close()
                    print(file)


if __name__ == "__main__":
    main()
