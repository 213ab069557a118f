// The REST API, asked from the page.

/** What a GET of this address answers. Throws an Error with words for the person. */
export function read(url, signal) {
  return ask(url, { signal });
}

/** Post this as JSON. Throws an Error with words for the person. */
export function post(url, body) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
  return ask(url, { method: "POST", body: JSON.stringify(body), headers });
}

async function ask(url, { headers = {}, ...options }) {
  let answer;
  try {
    answer = await fetch(url, { ...options, headers: { Accept: "application/json", ...headers }, credentials: "same-origin" });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Error("The server cannot be reached. Try again in a moment.", { cause: error });
  }
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.errors?.[0]?.detail ?? told.detail ?? "That could not be done. Try again in a moment.");
  return told;
}
