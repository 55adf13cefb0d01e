// The drawing, to be zoomed and dragged: cytoscape is fetched when somebody asks for it, and stands in the place of the
// drawing until they put it back.

/** Fetch a script of this site once. */
function fetched(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.addEventListener("load", resolve);
    script.addEventListener("error", () => reject(new Error("the script cannot be read")));
    document.head.append(script);
  });
}

/** Keep cytoscape from writing a style element, which the policy of this site forbids: discover.css has what it says. */
function withoutStyleElement() {
  if (!document.getElementById("__________cytoscape_stylesheet")) {
    const mark = document.createElement("meta");
    mark.id = "__________cytoscape_stylesheet";
    document.head.append(mark);
  }
}

/** Return the path of the page of a resource, null where it has none. */
const pathOf = (iri, { base, resources }) => {
  const local = iri.startsWith(resources) ? iri.slice(resources.length) : "";
  return /^[a-z]+\/[^?#]+$/.test(local) ? `${base.replace(/\/$/, "")}/${local}` : null;
};

function elementsOfMap(data, site) {
  const nodes = data.dots.map((dot, place) => ({
    data: {
      id: String(place),
      label: dot.film.name,
      category: data.islands[dot.island].category.iri.split("/").pop(),
      link: pathOf(dot.film.iri, site),
    },
    position: { x: dot.x * 2600, y: dot.y * 2600 },
  }));
  const edges = data.links.map((link, place) => ({
    data: {
      id: `link-${place}`,
      source: String(link.source),
      target: String(link.target),
      label: link.technique.name,
      near: data.dots[link.source].island === data.dots[link.target].island,
    },
  }));
  const signs = data.islands.map((island) => ({
    data: {
      id: `island-${island.number}`,
      label: island.marks.slice(0, 2).map((mark) => mark.name).join("\n"),
      category: island.category.iri.split("/").pop(),
      link: null,
    },
    position: { x: island.x * 2600, y: (island.y - island.radius) * 2600 - 40 },
    classes: "sign",
    selectable: false,
  }));
  return [...nodes, ...edges, ...signs];
}

function colours(element) {
  const style = getComputedStyle(element);
  const of = (name) => style.getPropertyValue(name).trim();
  return { of, category: (slug) => (slug && of(`--cat-${slug}`)) || of("--ink") };
}

function styleOf(figure, kind) {
  const { of, category } = colours(figure);
  const isMap = kind === "map";
  return [
    {
      selector: "node",
      style: {
        "background-color": (node) => category(node.data("category")),
        label: "data(label)",
        color: of("--ink"),
        width: isMap ? 34 : 14,
        height: isMap ? 34 : 14,
        "font-size": isMap ? 15 : 14,
        "font-family": getComputedStyle(document.body).getPropertyValue("--sans") || "sans-serif",
        "min-zoomed-font-size": isMap ? 9 : 5,
        "text-valign": isMap ? "bottom" : "center",
        "text-halign": (node) => (isMap ? "center" : node.position("x") > 500 ? "right" : "left"),
        "text-margin-x": (node) => (isMap ? 0 : node.position("x") > 500 ? 5 : -5),
        "text-margin-y": isMap ? 3 : 0,
        "text-outline-color": of("--paper"),
        "text-outline-width": 2,
      },
    },
    {
      selector: ".sign",
      style: {
        "background-opacity": 0,
        color: (node) => category(node.data("category")),
        "font-size": 34,
        "font-weight": 600,
        "min-zoomed-font-size": 0,
        "text-valign": "center",
        "text-wrap": "wrap",
        events: "no",
      },
    },
    {
      selector: "node[?centre]",
      style: { width: 22, height: 22, "font-weight": 600, "text-valign": "top", "text-halign": "center", "text-margin-x": 0, "text-margin-y": -4 },
    },
    {
      selector: "edge",
      style: {
        width: 1,
        "line-color": of("--edge"),
        "line-opacity": (edge) => (isMap ? (edge.data("near") ? 0.35 : 0.07) : 0.45),
        "curve-style": "haystack",
      },
    },
    {
      selector: ".lit",
      style: { "line-color": of("--ink"), "line-opacity": 0.9, width: 2, "border-width": 3, "border-color": of("--ink") },
    },
    { selector: "edge.lit", style: { label: "data(label)", "font-size": 12, color: of("--soft"), "text-rotation": "autorotate" } },
  ];
}

async function live(figure, said) {
  const { live: kind, script, graph } = figure.dataset;
  const [response] = await Promise.all([
    fetch(graph, { headers: { Accept: "application/json" } }),
    window.cytoscape ? null : fetched(script),
  ]);
  if (!response.ok) {
    throw new Error("the graph cannot be read");
  }
  const data = await response.json();
  withoutStyleElement();
  const container = document.createElement("div");
  container.className = "live __________cytoscape_container";
  container.setAttribute("role", "img");
  container.setAttribute("aria-label", "The same drawing, to be zoomed and dragged with a pointer; the list below has all of it");
  figure.querySelector(".pan").hidden = true;
  figure.querySelector(".pan").before(container);
  const chart = window.cytoscape({
    container,
    elements: kind === "map" ? elementsOfMap(data, figure.dataset) : data.elements,
    layout: { name: "preset", fit: true, padding: 20 },
    style: styleOf(figure, kind),
    maxZoom: 4,
    minZoom: 0.05,
    autoungrabify: kind === "map",
  });
  const unlit = () => chart.elements(".lit").removeClass("lit");
  chart.on("tap", "node", ({ target }) => {
    if (target.hasClass("lit") && target.data("link")) {
      location.assign(target.data("link"));
      return;
    }
    unlit();
    target.closedNeighborhood().addClass("lit");
    const near = target.connectedEdges().map((edge) => `${edge.connectedNodes().not(target).data("label")} (${edge.data("label")})`);
    said.textContent = `${target.data("label")}: ${near.slice(0, 6).join(", ")}. Tap it again to go there.`;
  });
  chart.on("tap", ({ target }) => {
    if (target === chart) {
      unlit();
      said.textContent = "";
    }
  });
  const recoloured = () => chart.style(styleOf(figure, kind));
  const watcher = new MutationObserver(recoloured);
  watcher.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  return () => {
    watcher.disconnect();
    chart.destroy();
    container.remove();
    figure.querySelector(".pan").hidden = false;
    said.textContent = "";
  };
}

function offer(figure) {
  const tools = document.createElement("div");
  const button = document.createElement("button");
  const said = document.createElement("output");
  tools.className = "tools";
  button.type = "button";
  button.className = "button quiet";
  button.textContent = "Zoom and drag";
  tools.append(button, said);
  figure.prepend(tools);
  let still = null;
  button.addEventListener("click", async () => {
    if (still) {
      still();
      still = null;
      button.textContent = "Zoom and drag";
      return;
    }
    button.disabled = true;
    try {
      still = await live(figure, said);
      button.textContent = "Back to the drawing";
    } catch (error) {
      said.textContent = `This does not work now: ${error.message}.`;
    } finally {
      button.disabled = false;
    }
  });
}

// What is wider than the window shows its middle first.
document.querySelectorAll(".drawing .pan").forEach((pan) => {
  pan.scrollLeft = (pan.scrollWidth - pan.clientWidth) / 2;
});
document.querySelectorAll("[data-live][data-script][data-graph]").forEach(offer);
