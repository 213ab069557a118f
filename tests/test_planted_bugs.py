"""The checker is worth something: it finds each bug that is planted into a server, and nothing where there is none."""

import asyncio
import random
from dataclasses import replace
from pathlib import Path

import pytest

from tests.planted import BUGS
from tests.rig import Plan
from tests.stages import embedded

pytestmark = pytest.mark.live
PLAN = Plan(
    messages=100,
    rooms=("hot", "red"),
    pens=4,
    posters=3,
    readers={"loyal": 2, "restless": 3, "forgetful": 1},
    expelled=1,
    stay_s=0.5,
    kills=0,
    patience_s=2,
    late_s=2,
)
FAULTS = {"TORTURE_FAILED_COMMITS": "0.2"}
DEAF, ILL = {"TORTURE_DROPPED": "1"}, {"TORTURE_FAILED_COMMITS": "0.5"}
PUNCTUAL = {"TORTURE_DROPPED": "0", "TORTURE_DELAY_MAX_S": "0"}  # a hint that comes late finds the log read already
WORSE = {  # what a bug needs to show itself in so short a time
    "reconcile_off": DEAF,
    "publish_before_commit": ILL | PUNCTUAL,
    "ack_before_commit": ILL,
    "numbers_outside_of_the_transaction": ILL,
}


def anomalies(tmp_path: Path, faults: dict[str, str], plan: Plan = PLAN, bug: str = "") -> set[str]:
    """What the checker finds with a small crowd on one server, and a power cut at the end."""
    with embedded(tmp_path, plan, random.randrange(1 << 32), **FAULTS | faults, PLANTED_BUG=bug) as rig:
        return {anomaly.name for anomaly in asyncio.run(rig.run())}


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_caught(bug: str, tmp_path: Path) -> None:
    assert BUGS[bug].anomaly in anomalies(tmp_path, WORSE.get(bug, {}), bug=bug)


def test_a_client_that_repeats_under_another_id_is_caught(tmp_path: Path) -> None:
    assert "dup-cid" in anomalies(tmp_path, {}, plan=replace(PLAN, forgets_ids=True))


def test_a_server_without_a_planted_bug_is_found_sound(tmp_path: Path) -> None:
    assert anomalies(tmp_path, {}, plan=replace(PLAN, patience_s=10, late_s=4)) == set()
