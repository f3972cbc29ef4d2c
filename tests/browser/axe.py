"""axe on a page in both themes."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SHOW_ALL_PASSAGES = (
    "document.querySelectorAll('.passage').forEach(passage => passage.style.contentVisibility = 'visible')"
)
COLOUR_RULES = "axe.run({ runOnly: ['cat.color'], rules: { 'color-contrast-enhanced': { enabled: false } } })"


def axe_violations(page: Page) -> list[str]:
    """What axe finds wrong in the light theme, and with the colours in the dark one: nothing else differs there.

    It takes colours from where text is drawn, so passages out of sight are drawn too.
    """
    page.evaluate(SHOW_ALL_PASSAGES)
    page.emulate_media(color_scheme="light")
    light = Axe().run(page).response["violations"]
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(COLOUR_RULES)["violations"]
    return [
        f"{scheme}: {rule['id']}: {rule['nodes'][0]['html']} {rule['nodes'][0]['failureSummary']}"
        for scheme, rules in (("light", light), ("dark", dark))
        for rule in rules
    ]
