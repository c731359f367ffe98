// A voice message: tap to begin, tap to send. Nothing has to be held down.

const LONGEST = 120; // seconds
const KINDS = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];

export function record({ button, panel, tools, send, otherwise }) {
  const seconds = panel.querySelector("#seconds");
  let recorder = null;
  let isWanted = false;
  let clock = 0;

  const begin = async () => {
    if (!window.MediaRecorder || !navigator.mediaDevices?.getUserMedia) {
      otherwise();
      return;
    }
    let sound;
    try {
      sound = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      otherwise(); // not allowed, or no microphone: the telephone's own recorder may do
      return;
    }
    const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
    const parts = [];
    recorder = new MediaRecorder(sound, { ...(mimeType && { mimeType }), audioBitsPerSecond: 32_000 });
    recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
    recorder.addEventListener("stop", () => {
      for (const track of sound.getTracks()) track.stop();
      const type = recorder.mimeType.split(";")[0];
      if (isWanted) send(new File(parts, "voice", { type }));
      recorder = null;
    });
    const began = Date.now();
    clock = setInterval(() => {
      const passed = Math.floor((Date.now() - began) / 1000);
      seconds.textContent = `${Math.floor(passed / 60)}:${String(passed % 60).padStart(2, "0")}`;
      if (passed >= LONGEST) end(true);
    }, 500);
    recorder.start();
    swap(true);
    panel.querySelector("#record-send").focus();
  };

  const end = (wanted) => {
    if (!recorder || recorder.state === "inactive") return;
    isWanted = wanted;
    clearInterval(clock);
    recorder.stop();
    swap(false);
    seconds.textContent = "0:00";
    button.focus();
  };

  const swap = (recording) => {
    panel.hidden = !recording;
    tools.hidden = recording;
  };

  button.addEventListener("click", begin);
  panel.querySelector("#record-send").addEventListener("click", () => end(true));
  panel.querySelector("#record-drop").addEventListener("click", () => end(false));
}
