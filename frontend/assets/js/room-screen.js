// <room-screen> keeps the projector's page up to date: the clock runs here, the item comes from the server every few
// seconds. When the network is gone the page says so, keeps what it shows, and tries on.

const every = 4000;

class RoomScreen extends HTMLElement {
  #timer;
  #tick;

  connectedCallback() {
    this.#timer = setInterval(() => this.#fetch(), every);
    this.#tick = setInterval(() => this.#clock(), 1000);
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
    clearInterval(this.#tick);
  }

  #clock() {
    const place = this.querySelector("[data-clock]");
    if (!place) return;
    const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: place.dataset.clock };
    place.textContent = new Intl.DateTimeFormat(document.documentElement.lang, options).format(new Date());
  }

  async #fetch() {
    try {
      const answer = await fetch(location.href, { credentials: "same-origin" });
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("room");
      const here = document.getElementById("room");
      if (fresh && here && fresh.innerHTML !== here.innerHTML) here.innerHTML = fresh.innerHTML;
      this.#lost(false);
    } catch {
      this.#lost(true);
    }
  }

  #lost(lost) {
    let sign = this.querySelector(".room__lost");
    if (!lost) return sign?.remove();
    if (sign) return;
    sign = document.createElement("p");
    sign.className = "room__lost";
    sign.role = "status";
    sign.textContent = this.dataset.lost;
    this.append(sign);
  }
}

customElements.define("room-screen", RoomScreen);
