// What the person sees: states, buttons, words and figures. The call itself is in call.js.
import { secretOf } from "./authentication.js";
import { Call } from "./call.js";

const STATES = {
  ready: "Ready",
  devices: "Asking for camera and microphone",
  connecting: "Connecting",
  ringing: "Ringing",
  connected: "Connected",
  lost: "Lost",
  ended: "Ended",
};
const REASONS = {
  ready: "Your camera and microphone are used when you press Call. Headphones keep the other side from hearing itself.",
  devices: "Allow camera and microphone for this page.",
  connecting: "Looking for the other side.",
  ringing: "The person there is being asked.",
  lost: "The other side has not been heard for a while. The call goes on when it is back.",
};

const $ = (id) => document.getElementById(id);
const main = document.querySelector("main");
let key = null;
let call = null;

function show(state, reason = REASONS[state] ?? "") {
  main.dataset.state = state;
  $("state").textContent = STATES[state];
  document.title = `${STATES[state]} – callcodec`;
  $("reason").textContent = reason;
  const running = !["ready", "ended"].includes(state);
  const talking = ["connected", "lost"].includes(state);
  $("call").hidden = running;
  $("call").textContent = state === "ended" ? "Call again" : "Call";
  $("hang-up").hidden = !running;
  $("mute").hidden = $("camera").hidden = !talking;
  if (!running) {
    $("words").hidden = true;
    $("figures").textContent = "";
  }
}

function begin() {
  for (const name of ["mute", "camera"]) {
    $(name).setAttribute("aria-pressed", "false");
  }
  main.dataset.camera = "on";
  call = new Call(key, {
    state: show,
    mine: (stream) => {
      $("mine").srcObject = stream;
      main.dataset.camera = stream.getVideoTracks().length ? "on" : "off";
      $("camera").disabled = !stream.getVideoTracks().length;
    },
    theirs: (stream) => {
      $("theirs").srcObject = stream;
    },
    words: (words) => {
      $("four").textContent = words.join(" ");
      $("words").hidden = false;
    },
    figures: (line) => {
      $("figures").textContent = line;
    },
  });
  call.run();
}

function toggle(button, kind) {
  const off = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(off));
  call.enable(kind, !off);
  return off;
}

async function prepare() {
  key = window.isSecureContext && crypto.subtle ? await secretOf(location.hash) : null;
  show("ready");
  if (!window.isSecureContext) {
    $("reason").textContent = "A browser gives camera and microphone to https pages and to localhost only.";
  } else if (key === null) {
    $("reason").textContent = "This link has no code. Ask for the whole link, with all that stands behind its #.";
  }
  $("call").disabled = key === null;
}

$("call").addEventListener("click", begin);
$("hang-up").addEventListener("click", () => call.hangUp());
$("mute").addEventListener("click", (event) => toggle(event.currentTarget, "audio"));
$("camera").addEventListener("click", (event) => {
  main.dataset.camera = toggle(event.currentTarget, "video") ? "off" : "on";
});
window.addEventListener("hashchange", prepare);
window.addEventListener("pagehide", () => call?.hangUp());
prepare();
