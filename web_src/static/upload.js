// Uploads chosen files straight to the landing bucket, then polls each until it has been processed.
"use strict";

(() => {
  const FIRST_POLL_MS = 500;
  const MAX_POLL_MS = 8000;
  const POLL_GROWTH = 1.4;
  const PROCESSING_MS = 20 * 60 * 1000; // longer than the maximum duration of a Lambda function

  const form = document.getElementById("upload");
  const input = document.getElementById("files");
  const dropZone = document.getElementById("drop-zone");
  const datasets = document.getElementById("dataset");
  const format = document.getElementById("format");
  const section = document.getElementById("uploads-section");
  const list = document.getElementById("upload-list");
  const announcement = document.getElementById("announcement");
  const template = document.getElementById("upload-item");

  // An error with a message for the user.
  class UploadError extends Error {}

  const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const count = (number, singular, plural) => `${number.toLocaleString("en")} ${number === 1 ? singular : plural}`;

  async function requestUpload(dataset, file) {
    const response = await fetch("/api/uploads", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ dataset, name: file.name, size: file.size }),
    });
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
  async function waitForResult(key) {
    const address = `/api/files/by-key?key=${encodeURIComponent(key)}`;
    const end = Date.now() + PROCESSING_MS;
    for (let pause = FIRST_POLL_MS; Date.now() < end; pause = Math.min(pause * POLL_GROWTH, MAX_POLL_MS)) {
      await sleep(pause);
      try {
        const response = await fetch(address);
        if (response.status === 401) {
          throw new UploadError("File uploaded, but your session has expired. Reload the page to sign in again.");
        }
        const processed = response.ok ? (await response.json()).find((version) => version.finished_at) : undefined;
        if (processed) {
          return processed;
        }
      } catch (error) {
        if (error instanceof UploadError) {
          throw error;
        } // otherwise the network or the app is unavailable for a moment
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
        status.textContent = text;
        announcement.textContent = `${file.name}: ${text}`;
        progress.hidden = state !== "working";
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

  async function uploadFile(file) {
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
      item.setStatus("Uploading…");
      const upload = await requestUpload(dataset, file);
      await send(file, upload, item.setProgress);
      item.setStatus("Uploaded. Processing…");
      item.setProcessing();
      const processed = await waitForResult(upload.key);
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
