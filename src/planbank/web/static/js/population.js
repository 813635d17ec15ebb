// DVHs of one structure type over a protocol: single plans thin, the middle half and the middle nine
// tenths as bands, the median thick; medians of centres beside it. Pointing names the nearest plan.

const CENTRES = ["c2", "c3", "c4", "c5", "c6", "c1"];

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

class Population {
  constructor(box) {
    this.box = box;
    this.frame = box.querySelector(".population-plot");
    this.key = box.querySelector(".population-key");
    this.near = -1;
  }

  async start() {
    const answer = await fetch(this.box.dataset.curves, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    this.data = await answer.json();
    const all = this.data.bands[""];
    if (!all) {
      this.frame.textContent = this.data.plans ? this.box.dataset.kept : this.box.dataset.empty;
      return;
    }
    this.centres = Object.keys(this.data.bands).filter((name) => name);
    this.draw(all);
    this.name(all);
  }

  line(width, stroke, more = {}) {
    return { width, stroke, points: { show: false }, spanGaps: false, ...more };
  }

  draw(all) {
    const singles = this.data.curves.map((one) => one.percent);
    const medians = this.centres.map((name) => this.data.bands[name].percent[2]);
    const first = 1 + singles.length;
    const pale = () => colour("c1-pale");
    this.u = new window.uPlot(
      {
        width: Math.max(this.frame.clientWidth, 200),
        height: 240,
        legend: { show: false },
        padding: [8, 12, 0, 0],
        cursor: { y: false, points: { show: false }, drag: { x: false, y: false, setScale: false } },
        scales: { x: { time: false }, y: { range: [-0.6, 101.2] } },
        axes: [this.axis({ size: 26 }), this.axis({ size: 36, splits: () => [0, 25, 50, 75, 100] })],
        bands: [
          { series: [first + 4, first], fill: pale() },
          { series: [first + 3, first + 1], fill: pale() },
        ],
        series: [
          {},
          ...singles.map(() => this.line(0.6, () => colour("line2"))),
          ...all.percent.map((_, i) => this.line(i === 2 ? 2.6 : 0.8, () => colour("c1"))),
          ...medians.map((_, i) => this.line(1.4, () => colour(CENTRES[i % CENTRES.length]), { dash: [5, 3] })),
        ],
        hooks: { setCursor: [(u) => this.pointed(u)] },
      },
      [this.data.doses, ...singles, ...all.percent, ...medians],
      this.frame,
    );
    this.tip = this.u.over.appendChild(document.createElement("div"));
    this.tip.className = "dvh-tip";
    this.tip.hidden = true;
    this.u.over.addEventListener("click", () => this.open());
    new ResizeObserver(() => this.u.setSize({ width: Math.max(this.frame.clientWidth, 200), height: 240 })).observe(
      this.frame,
    );
  }

  axis(more) {
    return {
      stroke: () => colour("ink3"),
      font: '11.5px system-ui, "Segoe UI", Roboto, sans-serif',
      ticks: { show: false },
      grid: { stroke: () => colour("line"), width: 1 },
      ...more,
    };
  }

  name(all) {
    const said = [[this.box.dataset.wordsAll, all.n, "c1"]];
    this.centres.forEach((name, i) => said.push([name, this.data.bands[name].n, CENTRES[i % CENTRES.length]]));
    for (const [name, n, tint] of said) {
      const item = this.key.appendChild(document.createElement("li"));
      item.dataset.tint = tint;
      item.textContent = `${name} (n ${n})`;
    }
  }

  // The plan whose curve passes nearest to the pointer.
  pointed(u) {
    const { left, top, idx } = u.cursor;
    this.near = -1;
    if (idx != null && left >= 0) {
      const wanted = u.posToVal(top, "y");
      let least = 6;
      this.data.curves.forEach((one, i) => {
        const away = Math.abs(one.percent[idx] - wanted);
        if (away < least) [least, this.near] = [away, i];
      });
    }
    u.series.forEach((series, i) => {
      if (i > 0 && i <= this.data.curves.length) series.width = i - 1 === this.near ? 2.4 : 0.6;
    });
    u.redraw(false);
    this.tip.hidden = this.near < 0;
    if (this.near >= 0) {
      const one = this.data.curves[this.near];
      this.tip.textContent = `${one.patient}, ${one.centre}: ${one.percent[idx].toFixed(1)} %`;
      this.tip.style.left = `${Math.min(left + 12, u.over.clientWidth - 190)}px`;
      this.tip.style.top = `${Math.max(top - 30, 0)}px`;
    }
    u.over.style.cursor = this.near >= 0 ? "pointer" : "";
  }

  open() {
    if (this.near >= 0) {
      window.location.href = this.box.dataset.plan.replace("/0/", `/${this.data.curves[this.near].plan}/`);
    }
  }
}

for (const box of document.querySelectorAll(".population")) {
  const plot = new Population(box);
  plot.start().catch(() => {
    plot.frame.textContent = box.dataset.empty;
  });
}
