// Sends chosen files straight to the landing bucket, then follows each until its rows or its refusal are known.
"use strict";

(() => {
  const FIRST_WAIT_MS = 500;
  const LONGEST_WAIT_MS = 8000;
  const WAIT_GROWTH = 1.4;
  const FOLLOW_MS = 20 * 60 * 1000; // longer than a function may take

  const form = document.getElementById("upload");
  const input = document.getElementById("files");
  const section = document.getElementById("sent-section");
  const list = document.getElementById("sent-files");
  const announcement = document.getElementById("announcement");
  const template = document.getElementById("sent-file");
  const maxBytes = Number(form.dataset.maxBytes);

  class Refused extends Error {}

  const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const count = (number, one, many) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

  async function askForPlace(file) {
    const response = await fetch("/api/uploads", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ name: file.name, size: file.size }),
    });
    if (response.status === 401) {
      throw new Refused("Your session has ended. Reload the page to sign in again.");
    }
    const answer = await response.json();
    if (!response.ok) {
      throw new Refused(answer.message);
    }
    return answer;
  }

  function send(file, place, onProgress) {
    const body = new FormData();
    for (const [name, value] of Object.entries(place.fields)) {
      body.append(name, value);
    }
    body.append("file", file); // S3 ignores what comes after it
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest(); // fetch tells no progress
      request.upload.addEventListener("progress", (event) => onProgress(event.loaded / event.total));
      request.addEventListener("load", () => {
        if (request.status < 300) {
          resolve();
        } else {
          const said = request.responseXML?.querySelector("Message")?.textContent;
          reject(new Refused(said ? `The bucket refused it: ${said}` : "The bucket refused it."));
        }
      });
      request.addEventListener("error", () => reject(new Refused("It could not be sent. Is the network there?")));
      request.open("POST", place.url);
      request.send(body);
    });
  }

  // The file's row in the ledger, or null where it took too long.
  async function follow(key) {
    const address = `/api/files/by-key?key=${encodeURIComponent(key)}`;
    const end = Date.now() + FOLLOW_MS;
    for (let wait = FIRST_WAIT_MS; Date.now() < end; wait = Math.min(wait * WAIT_GROWTH, LONGEST_WAIT_MS)) {
      await pause(wait);
      try {
        const response = await fetch(address);
        if (response.status === 401) {
          throw new Refused("It was sent, but your session has ended. Reload the page to sign in again.");
        }
        const finished = response.ok ? (await response.json()).find((version) => version.finished_at) : undefined;
        if (finished) {
          return finished;
        }
      } catch (error) {
        if (error instanceof Refused) {
          throw error;
        } // else the network or the app is away for a moment
      }
    }
    return null;
  }

  function outcome(row) {
    if (row.status === "refused") {
      return `Refused: ${row.reason}`;
    }
    const rejected = row.rows_rejected ? `, ${count(row.rows_rejected, "row", "rows")} rejected` : "";
    return `Loaded: ${count(row.rows_loaded, "order", "orders")}${rejected}`;
  }

  function show(file) {
    const item = template.content.firstElementChild.cloneNode(true);
    const name = item.querySelector(".name");
    const bar = item.querySelector("progress");
    const state = item.querySelector(".state");
    name.textContent = file.name;
    bar.setAttribute("aria-label", `Sending ${file.name}`);
    section.hidden = false;
    list.prepend(item);
    return {
      progress(share) {
        bar.value = share;
      },
      say(words, mood = "working") {
        item.dataset.mood = mood;
        state.textContent = words;
        announcement.textContent = `${file.name}: ${words}`;
        bar.hidden = mood !== "working";
      },
      waiting() {
        bar.removeAttribute("value"); // it is under way, nobody knows how far
        bar.setAttribute("aria-label", `Loading ${file.name}`);
      },
      link(address) {
        const link = document.createElement("a");
        link.href = address;
        link.textContent = file.name;
        name.replaceChildren(link);
      },
    };
  }

  async function take(file) {
    const item = show(file);
    try {
      if (file.size === 0) {
        throw new Refused("The file is empty.");
      }
      if (file.size > maxBytes) {
        throw new Refused(`The file is too large: it may have at most ${maxBytes.toLocaleString("en")} bytes.`);
      }
      item.say("Sending");
      const place = await askForPlace(file);
      await send(file, place, item.progress);
      item.say("Sent. Waiting until it is loaded");
      item.waiting();
      const row = await follow(place.key);
      if (row === null) {
        item.say("Sent, and not loaded yet. Look for it among the files later.", "bad");
        return;
      }
      item.link(`/files/${row.file_id}`);
      item.say(outcome(row), row.status === "refused" || row.rows_rejected ? "bad" : "good");
    } catch (error) {
      item.say(error instanceof Refused ? error.message : "Something went wrong. Please try again.", "bad");
    }
  }

  input.addEventListener("change", () => {
    Array.from(input.files).forEach(take);
    input.value = ""; // so that the same file can be chosen again
  });
  for (const name of ["dragenter", "dragover"]) {
    form.addEventListener(name, (event) => {
      event.preventDefault();
      form.classList.add("over");
    });
  }
  form.addEventListener("dragleave", () => form.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("over");
    Array.from(event.dataTransfer.files).forEach(take);
  });
  document.getElementById("without-script").hidden = true;
  form.hidden = false;
})();
