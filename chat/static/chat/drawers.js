// The sides of a narrow window are drawers. Buttons open and close them without this; here a finger does, and the focus
// goes where the eye goes.
//
// A swipe begins inside the page: at its very edge the browser's own gestures live. Until it is clearly sideways it is
// the browser's, too.

const EDGE_PX = 24;
const LOCK_PX = 12;
const FLICK_PX_PER_MS = 0.4;

const byId = (id) => document.getElementById(id);
const sides = [
  { id: "rooms", narrow: matchMedia("(max-width: 46rem)"), inward: 1 },
  { id: "people", narrow: matchMedia("(max-width: 68rem)"), inward: -1 },
];
let swipe = null;

/** Let a finger draw the sides in and out, wherever they are drawers. */
export function watchDrawers() {
  for (const { id, narrow } of sides) watch(byId(id), narrow);
  document.addEventListener("pointerdown", begin);
  document.addEventListener("pointermove", move, { passive: true });
  document.addEventListener("pointerup", (event) => end(event, true));
  document.addEventListener("pointercancel", (event) => end(event, false));
}

function watch(drawer, narrow) {
  drawer.addEventListener("toggle", ({ newState }) => {
    if (newState !== "open" || swipe?.drawer === drawer) return;
    const first = drawer.querySelector("[aria-current]") ?? drawer.querySelector("button, a");
    first.focus({ preventScroll: true });
  });
  drawer.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget && !drawer.contains(relatedTarget) && drawer.matches(":popover-open")) drawer.hidePopover();
  });
  // On a wide window it has a place of its own.
  narrow.addEventListener("change", ({ matches }) => { if (!matches) drawer.hidePopover(); });
}

function begin({ pointerType, isPrimary, pointerId, clientX: x, clientY: y, target, timeStamp }) {
  if (pointerType !== "touch" || !isPrimary) return;
  const open = sides.find(({ id }) => byId(id).matches(":popover-open"));
  if (open ? !byId(open.id).contains(target) : !target.closest(".room") || x < EDGE_PX || x > innerWidth - EDGE_PX) return;
  if (target.closest("input, textarea, select, [popover]:not(.side)") || scrollsSideways(target)) return;
  swipe = { pointerId, x, y, open, at: x, when: timeStamp, speed: 0, drawer: null };
}

function move({ pointerId, clientX: x, clientY: y, timeStamp }) {
  if (pointerId !== swipe?.pointerId) return;
  const dx = x - swipe.x;
  if (!swipe.drawer && !lock(dx, y - swipe.y)) return;
  swipe.speed = (x - swipe.at) / Math.max(1, timeStamp - swipe.when);
  swipe.at = x;
  swipe.when = timeStamp;
  const inward = dx * swipe.side.inward / swipe.drawer.offsetWidth;
  draw(Math.min(1, Math.max(0, swipe.open ? 1 + inward : inward)));
}

/** Whether the finger goes sideways now, and a drawer with it. */
function lock(dx, dy) {
  if (Math.max(Math.abs(dx), Math.abs(dy)) < LOCK_PX) return false;
  const half = swipe.x < innerWidth / 2 ? 1 : -1;
  const side = swipe.open ?? sides.find(({ narrow, inward }) => narrow.matches && inward === half && dx * inward > 0);
  if (!side || Math.abs(dx) < 1.5 * Math.abs(dy)) {
    swipe = null;
    return false;
  }
  const drawer = byId(side.id);
  Object.assign(swipe, { side, drawer });
  drawer.classList.add("is-drawn");
  if (!swipe.open) {
    draw(0);
    drawer.showPopover();
  }
  // The finger now belongs to the drawer: let go elsewhere, it would close it as a tap beside it does.
  drawer.setPointerCapture(swipe.pointerId);
  return true;
}

function draw(drawn) {
  swipe.drawn = drawn;
  swipe.drawer.style.setProperty("--drawn", drawn);
}

function end({ pointerId }, whole) {
  if (pointerId !== swipe?.pointerId) return;
  const { drawer, side, speed, drawn, open } = swipe;
  swipe = null;
  if (!drawer) return;
  drawer.classList.remove("is-drawn");
  drawer.style.removeProperty("--drawn");
  const flick = Math.abs(speed) > FLICK_PX_PER_MS ? speed * side.inward > 0 : drawn > 0.5;
  if (!(whole ? flick : open)) drawer.hidePopover();
}

function scrollsSideways(target) {
  for (let each = target; each && !each.matches(".room, .side"); each = each.parentElement) {
    if (each.scrollWidth > each.clientWidth && /auto|scroll/.test(getComputedStyle(each).overflowX)) return true;
  }
  return false;
}
