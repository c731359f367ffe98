// Whoever has scripts gets a question before what cannot be undone.
document.addEventListener("submit", (event) => {
  const sure = event.submitter?.dataset.sure ?? event.target.dataset.sure;
  if (sure && !confirm(sure)) event.preventDefault();
});

// A file too large is said before it is sent: afterwards the page, and what was typed, would be gone.
for (const box of document.querySelectorAll("input[data-largest]")) {
  box.addEventListener("change", () => {
    const isLarge = box.files[0]?.size > Number(box.dataset.largest);
    box.setCustomValidity(isLarge ? "这个文件太大了，最多 10 MB。" : "");
    box.reportValidity();
  });
}

// The check-in desk: after each person the box is empty again and has the keyboard; arrows walk along the buttons.
const desk = document.getElementById("desk");
if (desk) {
  const box = document.getElementById("q");
  desk.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.requestConfig.verb === "post" && event.detail.successful) {
      box.value = "";
      box.focus();
    }
  });
  desk.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      box.value = "";
      box.focus();
      box.dispatchEvent(new Event("input", { bubbles: true }));
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const buttons = [box, ...desk.querySelectorAll(".roll .came")];
    const here = buttons.indexOf(document.activeElement);
    buttons[Math.min(Math.max(here + step, 0), buttons.length - 1)]?.focus();
    event.preventDefault();
  });
}

// The calendar of a month: arrows walk from day to day and from week to week, as the eye does.
for (const calendar of document.querySelectorAll("[data-days]")) {
  const days = [...calendar.querySelectorAll(".day")];
  calendar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 7, ArrowUp: -7 }[event.key];
    const here = days.indexOf(document.activeElement);
    if (!step || here < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    days[here + step]?.focus();
    event.preventDefault();
  });
}

// Codes that people show are read by the camera where the browser can; everywhere else a sentence says what to do.
const scan = document.getElementById("scan");
if (scan && "BarcodeDetector" in window && navigator.mediaDevices) offerScan(scan, document.getElementById("q"));

async function offerScan(scan, box) {
  if (!(await BarcodeDetector.getSupportedFormats()).includes("qr_code")) return;
  const [button, video, said] = scan.children;
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  let last = "";
  scan.hidden = false;
  document.getElementById("no-scan").hidden = true;

  function stop() {
    for (const track of video.srcObject?.getTracks() ?? []) track.stop();
    video.srcObject = null;
    video.hidden = true;
    button.textContent = "用摄像头扫签到码";
  }

  async function look() {
    if (!video.srcObject) return;
    const [found] = await detector.detect(video);
    if (found && found.rawValue !== last) {
      last = found.rawValue;  // held before the camera for a while, it is one check-in
      setTimeout(() => { last = ""; }, 4000);
      box.value = found.rawValue;
      box.form.requestSubmit();
    }
    setTimeout(look, 250);
  }

  button.addEventListener("click", async () => {
    if (video.srcObject) return stop();
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      said.textContent = "摄像头没打开，找名字一样快。";
      return;
    }
    said.textContent = "";
    video.hidden = false;
    button.textContent = "不扫了";
    await video.play();
    look();
  });
}
