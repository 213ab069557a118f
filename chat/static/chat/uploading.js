// One file on its way to the server, with how far it has come.

/** Upload a file. Resolves to what the server shows of it; rejects with the reason in words, and whether it is final. */
export function upload({ url, file, token, signal, onProgress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch does not tell how far it is
    const body = new FormData();
    body.append("file", file);
    request.open("POST", url);
    request.responseType = "json";
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", token);
    request.upload.addEventListener("progress", ({ lengthComputable, loaded, total }) => {
      if (lengthComputable) onProgress(loaded / total);
    });
    request.addEventListener("load", () => {
      const { status, response } = request;
      if (status >= 200 && status < 300 && response) resolve(response);
      else reject(refusal(status, response));
    });
    request.addEventListener("error", () => reject(new Error("the server cannot be reached")));
    signal.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}

// The same file would be refused again, unless it was for a matter of time.
function refusal(status, told) {
  const words = told?.errors?.[0]?.detail ?? told?.detail ?? "it was refused";
  return Object.assign(new Error(words), { isFinal: status >= 400 && status < 500 && status !== 429 && status !== 408 });
}
