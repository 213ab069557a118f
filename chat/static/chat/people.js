// How people look: a name, initials on one of eight hues. templatetags/people.py draws the same.

const HUES = 8;

export function nameOf(user) {
  return user ? user.name : "Guest";
}

export function sameUser(one, other) {
  return one !== null && other !== null && one.username === other.username;
}

/** Make an .avatar element the one of this person, or of a guest. */
export function dressAvatar(avatar, user) {
  avatar.classList.remove(...[...avatar.classList].filter((name) => name.startsWith("hue-")));
  avatar.classList.toggle("avatar--guest", !user);
  if (user) avatar.classList.add(`hue-${hueOf(user.username)}`);
  avatar.textContent = user ? initialsOf(user.name) : "?";
  if (user?.avatar) showPicture(avatar, user.avatar);
}

/** Draw a person anew wherever they stand on the page with what they wrote. */
export function redress(user) {
  for (const element of document.querySelectorAll(`.message[data-author="${CSS.escape(user.username)}"]`)) {
    dressAvatar(element.querySelector(".avatar"), user);
    element.querySelector(".message__author").textContent = nameOf(user);
  }
}

// Where the picture cannot be had, the initials come back.
function showPicture(avatar, address) {
  const initials = avatar.textContent;
  const picture = document.createElement("img");
  Object.assign(picture, { className: "avatar__picture", alt: "", width: 256, height: 256, decoding: "async", src: address });
  picture.addEventListener("error", () => { avatar.textContent = initials; }, { once: true });
  avatar.replaceChildren(picture);
}

function initialsOf(name) {
  const words = name.split(/\s+/u).filter(Boolean);
  const picked = [...words.slice(0, 1), ...words.slice(1).slice(-1)];
  return picked.map((word) => [...word][0]).join("").toUpperCase();
}

function hueOf(username) {
  let total = 0;
  for (const char of username) total = (total * 31 + char.codePointAt(0)) % 997;
  return total % HUES;
}
