// Uploads chosen files straight to the landing bucket, then polls each until it has been processed.
"use strict";

(() => {
  const FIRST_POLL_MS = 500;
  const MAX_POLL_MS = 4000;
  const POLL_GROWTH = 1.4;
  const RETRY_MS = 2000;
  const ANSWER_MS = 6000; // longer than the app waits for its database
  const UNAVAILABLE = [502, 503, 504]; // 502 and 504 come from the load balancer, while no app answers
  const PROCESSING_MS = 20 * 60 * 1000; // longer than the maximum duration of a Lambda function

  const form = document.getElementById("upload");
  const input = document.getElementById("files");
  const dropZone = document.getElementById("drop-zone");
  const datasets = document.getElementById("dataset");
  const format = document.getElementById("format");
  const section = document.getElementById("uploads-section");
  const list = document.getElementById("upload-list");
  const missed = document.getElementById("missed");
  const announcement = document.getElementById("announcement");
  const template = document.getElementById("upload-item");

  // An error with a message for the user.
  class UploadError extends Error {}

  const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const count = (number, singular, plural) => `${number.toLocaleString("en")} ${number === 1 ? singular : plural}`;

  // The app's response, or null if there is none until `end`. While the app or its database is unavailable, repeats the
  // request and passes the reason to `onWait`.
  async function ask(address, options, { end, onWait }) {
    while (Date.now() < end) {
      let reason = "The web app does not answer";
      try {
        const response = await fetch(address, { ...options, signal: AbortSignal.timeout(ANSWER_MS) });
        if (!UNAVAILABLE.includes(response.status)) {
          return response;
        }
        reason = (await response.json()).error ?? reason;
      } catch {
        // no response, or one of the load balancer, which is no JSON
      }
      onWait(`${reason}. Trying again…`);
      await sleep(RETRY_MS);
    }
    return null;
  }

  async function requestUpload(dataset, file, onWait) {
    const options = {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ dataset, name: file.name, size: file.size }),
    };
    const response = await ask("/api/uploads", options, { end: Date.now() + PROCESSING_MS, onWait });
    if (response === null) {
      throw new UploadError("The web app is unavailable. Please try again later.");
    }
    if (response.status === 401) {
      throw new UploadError("Your session has expired. Reload the page to sign in again.");
    }
    const body = await response.json();
    if (!response.ok) {
      throw new UploadError(body.message);
    }
    return body;
  }

  function send(file, upload, onProgress) {
    const body = new FormData();
    for (const [name, value] of Object.entries(upload.fields)) {
      body.append(name, value);
    }
    body.append("file", file); // last, because S3 ignores fields after the file
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest(); // fetch reports no upload progress
      request.upload.addEventListener("progress", (event) => onProgress(event.loaded / event.total));
      request.addEventListener("load", () => {
        if (request.status < 300) {
          resolve();
        } else {
          const message = request.responseXML?.querySelector("Message")?.textContent;
          reject(new UploadError(message ? `Upload rejected by S3: ${message}` : "Upload rejected by S3."));
        }
      });
      request.addEventListener("error", () =>
        reject(new UploadError("Upload failed. Check your network connection and try again.")),
      );
      request.open("POST", upload.url);
      request.send(body);
    });
  }

  // The processed file, or null if that takes too long.
  async function waitForResult(key, setStatus) {
    const address = `/api/files/by-key?key=${encodeURIComponent(key)}`;
    const end = Date.now() + PROCESSING_MS;
    const onWait = (reason) => setStatus(`Uploaded. ${reason}`);
    for (let pause = FIRST_POLL_MS; Date.now() < end; pause = Math.min(pause * POLL_GROWTH, MAX_POLL_MS)) {
      setStatus("Uploaded. Processing…");
      await sleep(pause);
      const response = await ask(address, {}, { end, onWait });
      if (response?.status === 401) {
        throw new UploadError("File uploaded, but your session has expired. Reload the page to sign in again.");
      }
      const processed = response?.ok ? (await response.json()).find((version) => version.finished_at) : undefined;
      if (processed) {
        return processed;
      }
    }
    return null;
  }

  function summary(file) {
    if (file.status === "refused" || file.status === "ignored") {
      return `${file.status === "refused" ? "Refused" : "Ignored"}: ${file.reason}`;
    }
    const rejected = file.rows_rejected ? `, ${file.rows_rejected.toLocaleString("en")} rejected` : "";
    return `Loaded: ${count(file.rows_loaded, "row", "rows")}${rejected}`;
  }

  function addItem(file) {
    const item = template.content.firstElementChild.cloneNode(true);
    const name = item.querySelector(".name");
    const progress = item.querySelector("progress");
    const status = item.querySelector(".status");
    const note = item.querySelector(".note");
    name.textContent = file.name;
    progress.setAttribute("aria-label", `Uploading ${file.name}`);
    section.hidden = false;
    list.prepend(item);
    return {
      setProgress(fraction) {
        progress.value = fraction;
      },
      setStatus(text, state = "working") {
        item.dataset.state = state;
        progress.hidden = state !== "working";
        if (status.textContent !== text) {
          status.textContent = text;
          announcement.textContent = `${file.name}: ${text}`;
        }
      },
      setStoredName(stored) {
        note.textContent = `Stored as ${stored}: the name is too long, or has characters that are not allowed.`;
        note.hidden = false;
      },
      setProcessing() {
        progress.removeAttribute("value"); // indeterminate
        progress.setAttribute("aria-label", `Processing ${file.name}`);
      },
      linkTo(address) {
        const link = document.createElement("a");
        link.href = address;
        link.textContent = file.name;
        name.replaceChildren(link);
      },
    };
  }

  // Runs `work`. Until it ends, the browser asks before it leaves the page, because that would stop the upload.
  async function whileStaying(work) {
    const askFirst = (event) => event.preventDefault();
    window.addEventListener("beforeunload", askFirst);
    try {
      return await work();
    } finally {
      window.removeEventListener("beforeunload", askFirst);
    }
  }

  async function uploadFile(file) {
    missed.hidden = true;
    const item = addItem(file);
    const { value: dataset, dataset: limits } = datasets.selectedOptions[0];
    const maxBytes = Number(limits.maxBytes);
    try {
      if (file.size === 0) {
        throw new UploadError("The file is empty.");
      }
      if (file.size > maxBytes) {
        throw new UploadError(`The file is too large. The maximum is ${maxBytes.toLocaleString("en")} bytes.`);
      }
      const upload = await whileStaying(async () => {
        item.setStatus("Uploading…");
        const signed = await requestUpload(dataset, file, item.setStatus);
        const stored = signed.key.split("/").pop();
        if (stored !== file.name.normalize("NFC")) {
          item.setStoredName(stored);
        }
        item.setStatus("Uploading…");
        await send(file, signed, item.setProgress);
        return signed;
      });
      item.setProcessing();
      const processed = await waitForResult(upload.key, item.setStatus);
      if (processed === null) {
        item.setStatus("Uploaded, but not processed yet. Check the list of files later.", "bad");
        return;
      }
      item.linkTo(`/files/${processed.file_id}`);
      const bad = processed.status === "refused" || processed.status === "ignored" || processed.rows_rejected;
      item.setStatus(summary(processed), bad ? "bad" : "good");
    } catch (error) {
      item.setStatus(error instanceof UploadError ? error.message : "Something went wrong. Please try again.", "bad");
    }
  }

  input.addEventListener("change", () => {
    Array.from(input.files).forEach(uploadFile);
    input.value = ""; // so that choosing the same file again fires this event
  });
  for (const name of ["dragenter", "dragover"]) {
    dropZone.addEventListener(name, (event) => {
      event.preventDefault();
      dropZone.classList.add("dragging");
    });
  }
  dropZone.addEventListener("dragleave", () => dropZone.classList.remove("dragging"));
  dropZone.addEventListener("drop", (event) => {
    event.preventDefault();
    dropZone.classList.remove("dragging");
    Array.from(event.dataTransfer.files).forEach(uploadFile);
  });
  // The browser would leave this page to show a file that is dropped beside the box.
  for (const name of ["dragover", "drop"]) {
    window.addEventListener(name, (event) => {
      if (!event.defaultPrevented && event.dataTransfer?.types.includes("Files")) {
        event.preventDefault();
        missed.hidden = name !== "drop";
      }
    });
  }
  const describeDataset = () => {
    const { path, limit } = datasets.selectedOptions[0].dataset;
    format.href = path;
    document.getElementById("limit").textContent = limit;
  };
  datasets.addEventListener("change", describeDataset);
  describeDataset();
  document.getElementById("no-script").hidden = true;
  form.hidden = false;
})();
