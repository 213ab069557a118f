"""What the room page weighs, and how quick it is in a real Chromium.

    .venv/bin/python platform/bench/page.py [--json FILE]

`first page`: browsers that were never here, until the page hears the keyboard, on both cores beside a server that has drawn
the page before; the middle of several. `message`: from the frame's arrival to the
paint that shows it. `flood`: messages a second for five seconds, and the longest task of the page meanwhile. `scroll`: up
through the whole room, and the memory and elements of the page at its end beside those near its beginning.
"""

import argparse
import threading
import time
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

from benchmark import Benchmark, Row, main
from rest import Rest
from servers import Server, Setup, parlor
from sockets import percentile

PROGRAM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--js-flags=--expose-gc"]
ROOM = "page"
MESSAGES, SMALL_MESSAGES = 5000, 500
FLOOD_S, FLOOD_PER_S = 5.0, 200
SAMPLES, SMALL_SAMPLES = 50, 5
VISITS, SMALL_VISITS = 9, 2
COLUMNS = {"figure": "figure", "measured": "measured", "asked": "at most"}
# Runs before the page's own scripts: when frames come and when they are painted, long tasks, and when the page is live.
WATCH = """
(() => {
  window.bench = { painted: [], longest: 0 };
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) bench.longest = Math.max(bench.longest, duration);
  }).observe({ type: "longtask", buffered: true });
  const Native = WebSocket;
  window.WebSocket = class extends Native {
    constructor(...address) {
      super(...address);
      this.addEventListener("message", ({ data }) => {
        if (!data.startsWith('{"type":"message"')) return;
        const at = performance.now();
        requestAnimationFrame(() => {
          const after = new MessageChannel();
          after.port1.onmessage = () => bench.painted.push(performance.now() - at);
          after.port2.postMessage(0);
        });
      });
    }
  };
})();
"""


def measure(options: argparse.Namespace) -> Iterator[Row]:
    """One row for each figure that was asked for."""
    messages = SMALL_MESSAGES if options.small else MESSAGES
    samples = SMALL_SAMPLES if options.small else SAMPLES
    filled = parlor(Setup(pinned=False), browsers=True, people=2, messages={ROOM: messages})
    with filled as server, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=PROGRAM, args=ARGUMENTS)
        rest = Rest(server.address, server.people[0]["token"])
        yield from _first(browser, server, SMALL_VISITS if options.small else VISITS)
        page, tools = _opened(_arrived(browser, server), server)
        yield _paint(page, rest, samples)
        yield _flood(page, rest, options.seconds if options.small else FLOOD_S)
        page.context.close()
        page, tools = _opened(_arrived(browser, server), server)
        yield from _scroll(page, tools)
        browser.close()


def _arrived(browser: Browser, server: Server) -> BrowserContext:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    name, _, value = server.people[1]["cookie"].partition("=")
    context.add_cookies([{"name": name, "value": value, "url": f"http://{server.address}/"}])
    context.add_init_script(WATCH)
    return context


def _opened(context: BrowserContext, server: Server) -> tuple[Page, CDPSession]:
    page = context.new_page()
    tools = context.new_cdp_session(page)
    tools.send("Network.enable")
    received: list[float] = []
    tools.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    page.goto(f"http://{server.address}/rooms/{ROOM}/")
    page.wait_for_function("() => performance.getEntriesByName('live').length === 1")
    page.wait_for_load_state("networkidle")
    page.evaluate("(received) => { bench.received = received; }", received)
    return page, tools


def _first(browser: Browser, server: Server, visits: int) -> Iterator[Row]:
    live = []
    for _ in range(1 + visits):
        page, _tools = _opened(_arrived(browser, server), server)
        received = page.evaluate("() => bench.received")
        live.append(page.evaluate("() => performance.getEntriesByName('live')[0].startTime"))
        page.context.close()
    yield {"figure": "first page, KiB transferred", "measured": round(sum(received) / 1024, 1), "asked": 100}
    yield {"figure": "first page, requests", "measured": len(received), "asked": None}
    yield {"figure": "first page, ms until live, p50", "measured": round(percentile(live[1:], 0.5)), "asked": 500}


def _paint(page: Page, rest: Rest, samples: int) -> Row:
    page.evaluate("() => { bench.painted = []; }")
    for number in range(samples):
        rest.ask("POST", f"rooms/{ROOM}/messages/", {"value": f"Painted {number}"})
        time.sleep(0.05)
    page.wait_for_function(f"() => bench.painted.length >= {samples}")
    painted = page.evaluate("() => bench.painted")
    return {"figure": "message, ms from frame to paint, p50", "measured": percentile(painted, 0.5), "asked": 16}


def _flood(page: Page, rest: Rest, seconds: float) -> Row:
    count = int(seconds * FLOOD_PER_S)
    page.evaluate("() => { bench.painted = []; bench.longest = 0; }")
    sender = threading.Thread(target=_send, args=(rest, count, seconds))
    sender.start()
    page.wait_for_function(f"() => bench.painted.length >= {count}", timeout=60_000)
    sender.join()
    longest = page.evaluate("() => bench.longest")
    return {"figure": f"flood of {count}, longest task in ms", "measured": round(longest), "asked": 100}


def _send(rest: Rest, count: int, seconds: float) -> None:
    begun = time.monotonic()
    for number in range(count):
        rest.ask("POST", f"rooms/{ROOM}/messages/", {"value": f"Flood {number}"})
        time.sleep(max(0.0, begun + (number + 1) * seconds / count - time.monotonic()))


def _scroll(page: Page, tools: CDPSession) -> Iterator[Row]:
    most, early = 0, None
    for _ in range(2000):
        page.evaluate("() => { const log = document.getElementById('timeline'); log.scrollTop -= 2000; }")
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        items = page.locator("#items > li").count()
        most = max(most, items)
        if early is None and items > 300:
            early = _heap_mib(tools)
        if page.locator("#top .beginning").count():
            break
    late = _heap_mib(tools)
    yield {"figure": "scroll, most items on the page", "measured": most, "asked": 400}
    yield {"figure": "scroll, MiB of script at the first 300 items", "measured": early or late, "asked": None}
    yield {"figure": "scroll, MiB of script at the beginning of the room", "measured": late, "asked": None}


def _heap_mib(tools: CDPSession) -> float:
    tools.send("HeapProfiler.collectGarbage")
    used: dict[str, Any] = tools.send("Runtime.getHeapUsage")
    return round(used["usedSize"] / 1024 / 1024, 2)


BENCHMARK = Benchmark("page", COLUMNS, measure)

if __name__ == "__main__":
    main(BENCHMARK, __doc__)
