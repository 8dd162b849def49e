// One call: devices, offer and answer, proof, and what becomes of the connection.
import { Identification, Meeting, fingerprintsOf, fromHex, toHex } from "./authentication.js";

const VERSION = 1;
const SIDE_PX = 256;
const FRAMES_PER_S = 25;
const GATHERING_MS = 3000;
const MESSAGE_MS = 20000;
const PERSON_MS = 120000;
const CONNECTION_MS = 20000;
const WATCH_MS = 500;
const LOST_MS = 1500;
const OVER_MS = 30000;
const BYE = 6;
const REFUSAL = 5;
const CHANNELS = [
  ["control", { negotiated: true, id: 0 }],
  ["identity", { negotiated: true, id: 1 }],
  ["face", { negotiated: true, id: 2, ordered: false, maxRetransmits: 0 }],
];
const HELLO = [1, 0x43, 0x43, 1, 0, 0, 0, 0, 16, 0, 0, 7, ...new TextEncoder().encode("browser")];

// Sentences that are meant to be read; everything else that goes wrong is told with its name.
class Ended extends Error {}

export class Call {
  constructor(key, screen) {
    this.key = key;
    this.screen = screen;
    this.over = false;
    this.heard = { packets: -1, at: 0 };
  }

  async run() {
    try {
      this.screen.state("devices");
      this.stream = await devices();
      this.#check();
      this.screen.mine(this.stream);
      this.screen.state("connecting");
      await this.#connect();
    } catch (error) {
      this.#end(error instanceof Ended ? error.message : `The call did not come about: ${error.message}`);
    }
  }

  hangUp() {
    this.#say([BYE, 0]);
    this.#end("You hung up.");
  }

  enable(kind, on) {
    for (const track of this.stream?.getTracks() ?? []) {
      track.enabled = track.kind === kind ? on : track.enabled;
    }
  }

  async #connect() {
    const connection = (this.connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" }));
    this.#addMedia(connection);
    connection.addEventListener("connectionstatechange", () => {
      if (connection.connectionState === "failed") {
        this.#end("The connection was lost and did not come back.");
      }
    });
    const talking = new Promise((resolve) => {
      this.control.addEventListener("open", resolve);
    });
    const path = (this.path = await Path.open());
    await connection.setLocalDescription(await connection.createOffer());
    await gathered(connection);
    await this.#prove(connection, path);
    await within(talking, CONNECTION_MS, "No connection came up: no packet of the other side gets through.");
    this.#check();
    path.close();
    this.#say(HELLO);
    this.heard.at = performance.now();
    this.screen.state("connected");
    this.watch = setInterval(() => this.#look(), WATCH_MS);
  }

  #addMedia(connection) {
    const theirs = new MediaStream();
    for (const kind of ["audio", "video"]) {
      const track = this.stream.getTracks().find((candidate) => candidate.kind === kind);
      const transceiver = connection.addTransceiver(track ?? kind, { direction: track ? "sendrecv" : "recvonly" });
      transceiver.setCodecPreferences(codecs(kind));
    }
    connection.addEventListener("track", (event) => {
      theirs.addTrack(event.track);
      this.screen.theirs(theirs);
    });
    const [control] = CHANNELS.map(([name, options]) => connection.createDataChannel(name, options));
    control.binaryType = "arraybuffer";
    control.addEventListener("message", (event) => this.#told(new Uint8Array(event.data)));
    control.addEventListener("close", () => this.#end("The other side has ended the connection."));
    this.control = control;
  }

  // Commitment, identification, offer with proof, answer with proof: see authenticated_call.py.
  async #prove(connection, path) {
    const offer = connection.localDescription;
    const me = Identification.fresh("call", fingerprintsOf(offer.sdp));
    path.send({ type: "commitment", version: VERSION, commitment: toHex(await me.commitment()) });
    const named = await path.receive("identification", MESSAGE_MS);
    const names = Array.isArray(named.fingerprints) ? [...new Set(named.fingerprints)].sort() : [];
    const other = new Identification("listen", fromHex(named.nonce), names);
    const meeting = new Meeting(me, other);
    const proof = toHex(await meeting.proof(this.key, "call"));
    path.send({ type: "offer", sdp: offer.sdp, nonce: toHex(me.nonce), proof });
    this.screen.words(await meeting.words());
    this.screen.state("ringing");
    const answer = await path.receive("answer", PERSON_MS);
    await meeting.checkProof(this.key, "listen", fromHex(answer.proof));
    if (typeof answer.sdp !== "string" || fingerprintsOf(answer.sdp).join() !== names.join()) {
      throw new Ended("The answer is for another connection than it proved to be: somebody may have changed it.");
    }
    this.screen.state("connecting");
    await connection.setRemoteDescription({ type: "answer", sdp: answer.sdp });
    await capped(connection, answer.sdp);
  }

  #told(message) {
    if (message[0] === BYE) {
      this.#end("The other side hung up.");
    } else if (message[0] === REFUSAL) {
      this.#end(`The other side ended the call: ${new TextDecoder().decode(message.slice(3, 3 + message[2]))}.`);
    }
  }

  async #look() {
    const now = performance.now();
    const report = [...(await this.connection.getStats()).values()];
    if (this.over) {
      return;
    }
    const arriving = report.filter((entry) => entry.type === "inbound-rtp");
    const packets = arriving.reduce((sum, entry) => sum + entry.packetsReceived, 0);
    if (packets !== this.heard.packets) {
      this.heard = { packets, at: now };
    }
    const silent = now - this.heard.at;
    if (silent > OVER_MS) {
      this.#end("The call is over: nothing was heard of the other side for 30 s.");
      return;
    }
    this.screen.state(silent > LOST_MS ? "lost" : "connected");
    this.screen.figures(this.#figures(report, now));
  }

  #figures(report, now) {
    const path = report.find((entry) => entry.type === "candidate-pair" && entry.nominated);
    const video = report.find((entry) => entry.type === "outbound-rtp" && entry.kind === "video");
    const before = this.before;
    this.before = { sent: path?.bytesSent ?? 0, received: path?.bytesReceived ?? 0, at: now };
    if (!before || !path) {
      return "";
    }
    const kbps = (name) => (((this.before[name] - before[name]) * 8) / (now - before.at)).toFixed(0);
    const size = video?.frameWidth ? ` · sending ${video.frameWidth}×${video.frameHeight}` : "";
    const trip = path.currentRoundTripTime === undefined ? "" : ` · ${Math.round(1000 * path.currentRoundTripTime)} ms`;
    return `↑ ${kbps("sent")} ↓ ${kbps("received")} kbps${trip}${size}`;
  }

  #say(bytes) {
    if (this.control?.readyState === "open") {
      this.control.send(new Uint8Array(bytes));
    }
  }

  #check() {
    if (this.over) {
      throw new Ended("You hung up.");
    }
  }

  #end(why) {
    for (const track of this.stream?.getTracks() ?? []) {
      track.stop();
    }
    if (this.over) {
      return;
    }
    this.over = true;
    clearInterval(this.watch);
    this.path?.close();
    // What was said last still has to leave.
    setTimeout(() => this.connection?.close(), 200);
    this.screen.state("ended", why);
  }
}

// The signalling path: a WebSocket to where this page came from, for the four messages.
class Path {
  constructor(socket) {
    this.socket = socket;
    this.waiting = [];
    this.messages = [];
    this.why = null;
    socket.addEventListener("message", (event) => this.#take(event.data));
    socket.addEventListener("close", (event) => this.#fail(event.reason));
  }

  static async open() {
    const url = new URL("signal", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    url.hash = "";
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", () => {
        reject(new Ended("Nobody is listening behind this link any more, or somebody else is calling just now."));
      });
    });
    return new Path(socket);
  }

  send(message) {
    this.socket.send(JSON.stringify(message));
  }

  async receive(kind, timeoutMs) {
    const next = this.messages.length
      ? this.messages.shift()
      : await within(
          new Promise((resolve, reject) => {
            if (this.why) {
              reject(new Ended(this.why));
            }
            this.waiting.push({ resolve, reject });
          }),
          timeoutMs,
          "The other side has said nothing for too long.",
        );
    if (next?.type === "refusal") {
      throw new Ended(`The other side refuses: ${String(next.why).slice(0, 200)}.`.replace(/\.\.$/, "."));
    }
    if (next?.type !== kind) {
      throw new Ended(`The other side sent something else than its ${kind}.`);
    }
    return next;
  }

  close() {
    this.socket.close();
  }

  #take(data) {
    let message = null;
    try {
      message = JSON.parse(data);
    } catch {
      // Whoever waits is told that this is not what was expected.
    }
    const waiting = this.waiting.shift();
    if (waiting) {
      waiting.resolve(message);
    } else {
      this.messages.push(message);
    }
  }

  #fail(reason) {
    this.why = reason || "The other side has gone before the connection was made.";
    for (const { reject } of this.waiting) {
      reject(new Ended(this.why));
    }
  }
}

async function devices() {
  const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
  const video = {
    width: SIDE_PX,
    height: SIDE_PX,
    frameRate: { ideal: FRAMES_PER_S, max: 30 },
    facingMode: "user",
    resizeMode: "crop-and-scale",
  };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio, video });
  } catch (error) {
    if (error.name === "NotAllowedError") {
      throw new Ended("Camera and microphone are not allowed for this page. Allow them and call again.");
    }
  }
  try {
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    throw new Ended(`No microphone can be used (${error.name}).`);
  }
}

// Opus; H.264 with Constrained Baseline first, which the other side reads beyond its picture.
function codecs(kind) {
  const known = RTCRtpReceiver.getCapabilities(kind).codecs;
  if (kind === "audio") {
    return known.filter((codec) => codec.mimeType === "audio/opus");
  }
  const whole = known.filter((codec) => /H264/i.test(codec.mimeType) && /packetization-mode=1/.test(codec.sdpFmtpLine));
  const rank = (codec) => ["42e0", "4200"].findIndex((profile) => codec.sdpFmtpLine.includes(`profile-level-id=${profile}`));
  const baseline = whole.filter((codec) => rank(codec) >= 0).sort((one, other) => rank(one) - rank(other));
  if (!baseline.length) {
    throw new Ended("This browser has no H.264.");
  }
  return [...baseline, ...known.filter((codec) => codec.mimeType === "video/rtx")];
}

// What the other side allows each line (b=AS, in kbps) is held by the encoders themselves, too.
async function capped(connection, sdp) {
  for (const section of sdp.split(/^(?=m=)/m).slice(1)) {
    const kind = section.slice(2).split(" ")[0];
    const kbps = Number(/^b=AS:(\d+)/m.exec(section)?.[1]);
    const sender = connection.getTransceivers().find((one) => one.receiver.track.kind === kind)?.sender;
    if (!kbps || !sender?.track) {
      continue;
    }
    const parameters = sender.getParameters();
    for (const encoding of parameters.encodings) {
      encoding.maxBitrate = 1000 * kbps;
      if (kind === "video") {
        encoding.maxFramerate = FRAMES_PER_S;
      }
    }
    if (kind === "video") {
      parameters.degradationPreference = "maintain-resolution";
    }
    await sender.setParameters(parameters);
  }
}

async function gathered(connection) {
  if (connection.iceGatheringState !== "complete") {
    await Promise.race([
      new Promise((resolve) => {
        connection.addEventListener("icegatheringstatechange", () => {
          if (connection.iceGatheringState === "complete") {
            resolve();
          }
        });
      }),
      new Promise((resolve) => {
        setTimeout(resolve, GATHERING_MS);
      }),
    ]);
  }
}

async function within(promise, timeoutMs, sentence) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Ended(sentence)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
