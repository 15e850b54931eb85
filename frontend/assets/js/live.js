// The page's one connection to the hub, as server/live/PROTOCOL.md says. It connects by itself, comes back by itself,
// and names the last numbers it has, so that nothing is lost or repeated. What is to be said waits in this browser's
// storage until the hub has it on disk: a closed window loses no text.

const protocol = "belfry.live.v1";
const patience = 15_000; // for an answer, before the line counts as dead
const stored = "belfry:out:";

class Live extends EventTarget {
  state = "connecting"; // open, lost, ended
  hello;
  tries = 0;
  #socket;
  #rooms = new Map(); // room → {last, changes}
  #subjects = new Set();
  #asked = new Map(); // id or ref → {resolve, reject, timer}
  #outbox = [];
  #sending;
  #later;
  #timer;
  #heard = 0;
  #probe;
  #serial = 0;
  #tab = Array.from(crypto.getRandomValues(new Uint8Array(9)), (b) => (b % 36).toString(36)).join("");

  constructor() {
    super();
    addEventListener("online", () => this.again());
    addEventListener("offline", () => this.#lose());
    addEventListener("pagehide", () => this.#close());
    addEventListener("pageshow", (event) => event.persisted && this.again());
    document.addEventListener("visibilitychange", () => {
      const here = document.visibilityState === "visible";
      this.tell({ type: "away", away: !here });
      if (here) this.#check(true);
    });
    this.#connect();
  }

  // id makes an id that nobody gave before.
  id(kind) {
    return `${kind}-${this.#tab}/${++this.#serial}`;
  }

  get member() {
    return this.hello?.member;
  }

  // again connects at once.
  again() {
    if (this.state === "open") return this.#check(true);
    if (this.state === "ended") return;
    this.tries = 0;
    this.#close();
    this.#connect();
  }

  // subscribe follows a room from a message and a change on; what comes is told as "room" events.
  subscribe(room, last, changes) {
    this.#rooms.set(room, { last, changes });
    this.#subscribe(room);
  }

  watch(subject) {
    this.#subjects.add(subject);
    this.tell({ type: "watch", subject });
  }

  // tell sends what is not answered, when there is a line.
  tell(frame) {
    if (this.state !== "open" || !this.#socket) return false; // a page that is left has closed it
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  // ask sends what is answered under the same id or ref.
  ask(frame) {
    const key = frame.id ?? frame.ref;
    return new Promise((resolve, reject) => {
      if (!this.tell(frame)) return reject({ code: "offline" });
      const timer = setTimeout(() => this.#drop(), patience);
      this.#asked.set(key, { resolve, reject, timer });
    });
  }

  // say puts a message in the outbox. It is sent as soon as there is a line, once.
  say(member, room, text, reply) {
    const one = { id: this.id("c"), member, room, text, reply, at: new Date().toISOString() };
    this.#outbox.push(one);
    this.#keep(one);
    this.#work();
    return one;
  }

  // waiting are the messages of a member to a room that the hub does not have yet, those of closed windows too.
  waiting(member, room) {
    this.#collect(member);
    return this.#outbox.filter((one) => one.member === member && one.room === room);
  }

  // retry sends a refused message again, under another id when the hub has the first for something else.
  retry(id) {
    const one = this.#outbox.find((entry) => entry.id === id);
    if (!one) return;
    if (one.failed?.code === "conflict") {
      this.#forget(one);
      one.id = this.id("c");
    }
    delete one.failed;
    this.#keep(one);
    this.again();
    this.#work();
    return one;
  }

  // discard takes a message out of the outbox and gives it back.
  discard(id) {
    const at = this.#outbox.findIndex((entry) => entry.id === id);
    if (at < 0) return;
    const [one] = this.#outbox.splice(at, 1);
    this.#forget(one);
    return one;
  }

  #connect() {
    clearTimeout(this.#timer);
    const url = new URL("/live", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    let socket;
    try {
      socket = new WebSocket(url, protocol);
    } catch {
      return this.#lose();
    }
    this.#socket = socket;
    socket.onmessage = (event) => {
      if (socket === this.#socket) this.#frame(event.data);
    };
    socket.onclose = (event) => {
      if (socket !== this.#socket) return;
      if (event.code === 1008) this.#set("ended");
      else this.#lose();
    };
  }

  #close() {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
    clearInterval(this.#probe);
  }

  #drop() {
    this.#close();
    this.#lose();
  }

  // #lose waits a random time, longer from try to try, so that a thousand pages do not come back at once.
  #lose() {
    this.#close();
    if (this.state === "ended") return;
    for (const { reject, timer } of this.#asked.values()) {
      clearTimeout(timer);
      reject({ code: "offline" });
    }
    this.#asked.clear();
    this.#sending = undefined;
    clearTimeout(this.#later); // it goes with the next line
    this.#set("lost");
    clearTimeout(this.#timer);
    const wait = navigator.onLine ? Math.random() * 2 ** Math.min(this.tries++, 5) : 30; // "online" is told when it comes back
    this.#timer = setTimeout(() => this.#connect(), 1000 * wait);
  }

  #set(state) {
    if (this.state === state) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }

  // #check finds out whether the line still lives, by an answer that does no harm.
  #check(now) {
    if (this.state !== "open" || (!now && Date.now() - this.#heard < this.hello.heartbeat * 1000)) return;
    const before = this.#heard;
    for (const room of this.#rooms.keys()) this.#subscribe(room);
    if (this.#rooms.size === 0) for (const subject of this.#subjects) this.tell({ type: "watch", subject });
    else setTimeout(() => this.state === "open" && this.#heard === before && this.#drop(), patience);
  }

  #subscribe(room) {
    const { last, changes } = this.#rooms.get(room);
    this.tell({ type: "subscribe", room, after: last, changes });
  }

  #frame(data) {
    this.#heard = Date.now();
    const frame = JSON.parse(data);
    const known = this.#rooms.get(frame.room);
    switch (frame.type) {
      case "hello":
        return this.#greeted(frame);
      case "ack":
      case "history":
        return this.#answered(frame);
      case "error":
        return this.#refused(frame);
      case "touched":
        return this.#tell("touched", frame);
      case "resync":
        if (known) Object.assign(known, { last: frame.last, changes: frame.changes });
        break;
      case "subscribed":
        if (!known) return;
        frame.messages = (frame.messages ?? []).filter((m) => m.number > known.last);
        known.last = Math.max(known.last, frame.last);
        known.changes = Math.max(known.changes, frame.changes);
        break;
      case "message":
        if (!known || frame.message.number <= known.last) return;
        if (frame.message.number > known.last + 1) return this.#subscribe(frame.room); // something is missing: ask for it
        known.last = frame.message.number;
        break;
      case "changed":
        if (known) known.changes = Math.max(known.changes, frame.change);
        break;
    }
    if (frame.room) this.#tell("room", frame);
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  #greeted(hello) {
    this.hello = hello;
    this.#set("open");
    setTimeout(() => this.state === "open" && (this.tries = 0), 5000);
    if (document.visibilityState !== "visible") this.tell({ type: "away", away: true });
    for (const room of this.#rooms.keys()) this.#subscribe(room);
    for (const subject of this.#subjects) this.tell({ type: "watch", subject });
    this.#probe = setInterval(() => this.#check(false), hello.heartbeat * 1000);
    if (this.member) this.#collect(this.member.id);
    this.#work();
  }

  // #work sends what waits, one after the other, so that the order stays.
  #work() {
    if (this.#sending || this.state !== "open" || !this.member) return;
    const one = this.#outbox.find((entry) => entry.member === this.member.id && !entry.failed);
    if (!one) return;
    this.#sending = one;
    const frame = { type: "send", room: one.room, id: one.id, text: one.text };
    if (one.reply) frame.reply = one.reply;
    this.ask(frame).then(
      ({ number }) => {
        this.discard(one.id);
        this.#tell("sent", { ...one, number });
        this.#next();
      },
      (why) => this.#unsent(one, why),
    );
  }

  #next() {
    this.#sending = undefined;
    this.#work();
  }

  #unsent(one, why) {
    if (why.code === "offline") return; // it goes with the next line
    if (why.code === "limited" || why.code === "unavailable" || why.code === "internal") {
      this.#later = setTimeout(() => this.#next(), (why.retry ?? 5) * 1000);
      return;
    }
    one.failed = { code: why.code, text: why.text };
    this.#keep(one);
    this.#tell("failed", one);
    this.#next();
  }

  #answered(frame) {
    const key = frame.id ?? frame.ref;
    const asked = this.#asked.get(key);
    if (!asked) return;
    this.#asked.delete(key);
    clearTimeout(asked.timer);
    asked.resolve(frame);
  }

  #refused(frame) {
    const asked = this.#asked.get(frame.id);
    if (!asked) return this.#tell("refused", frame);
    this.#asked.delete(frame.id);
    clearTimeout(asked.timer);
    asked.reject(frame);
  }

  // Storage may be full or forbidden: then a message lives as long as the page.
  #keep(one) {
    try {
      localStorage.setItem(stored + one.id, JSON.stringify(one));
    } catch {}
  }

  #forget(one) {
    try {
      localStorage.removeItem(stored + one.id);
    } catch {}
  }

  #collect(member) {
    try {
      const found = [];
      for (let i = 0; i < localStorage.length; i++) {
        const key = localStorage.key(i);
        if (!key.startsWith(stored)) continue;
        const one = JSON.parse(localStorage.getItem(key));
        if (one.member === member && !this.#outbox.some((entry) => entry.id === one.id)) found.push(one);
      }
      this.#outbox.push(...found.sort((a, b) => (a.at < b.at ? -1 : 1)));
    } catch {}
  }
}

let live;

// connection is the one there is; the first who asks opens it.
export function connection() {
  live ??= new Live();
  return live;
}
