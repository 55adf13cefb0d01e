// The SPARQL editor: YASGUI's editor and result views over the plain form, which works without.
// It needs <form data-sparql> with a <textarea>, <div data-results>, and the prefixes as JSON in <script id="prefixes">.
(function () {
  "use strict";
  var form = document.querySelector("form[data-sparql]");
  var place = document.querySelector("[data-results]");
  if (!form || !place || typeof Yasgui === "undefined") return;
  var text = form.querySelector("textarea");
  var prefixes = JSON.parse((document.getElementById("prefixes") || { textContent: "{}" }).textContent);
  var MOST_ROWS = 1000;
  var LOCAL = /^[a-z]+\/[a-z0-9]+(-{1,2}[a-z0-9]+)*$/;

  // Where a link to an IRI may lead: to its page here, or out into the web; nowhere for javascript: and the like.
  function target(iri) {
    var base = form.dataset.base;
    if (base && iri.indexOf(base) === 0 && LOCAL.test(iri.slice(base.length))) return form.dataset.root + iri.slice(base.length);
    return /^https?:\/\/[^\s<>"'`{}|\\^]+$/i.test(iri) ? iri : null;
  }

  function shortened(iri) {
    var best = "";
    Object.keys(prefixes).forEach(function (name) {
      var start = prefixes[name];
      if (iri.indexOf(start) === 0 && start.length > (prefixes[best] || "").length && /^[\w-]+$/.test(iri.slice(start.length))) best = name;
    });
    return best ? best + ":" + iri.slice(prefixes[best].length) : iri;
  }

  function element(name, content, parent) {
    var made = document.createElement(name);
    if (content) made.textContent = content;
    if (parent) parent.appendChild(made);
    return made;
  }

  function term(value, cell) {
    if (value.type === "uri") {
      var href = target(value.value);
      var link = element(href ? "a" : "code", shortened(value.value), cell);
      link.title = value.value;
      if (href) {
        link.href = href;
        link.rel = "noopener nofollow";
      }
    } else if (value.type === "bnode") {
      element("code", "_:" + value.value, cell);
    } else {
      element("span", value.value, cell);
      if (value["xml:lang"]) element("small", " @" + value["xml:lang"], cell);
    }
  }

  // YASGUI's own table parses what it shows as HTML and writes a <style>: this one is made of text alone.
  function Table(yasr) {
    this.yasr = yasr;
    this.label = "Table";
    this.priority = 10;
  }
  Table.prototype.canHandleResults = function () {
    return Boolean(this.yasr.results && this.yasr.results.getVariables().length);
  };
  Table.prototype.getIcon = function () {
    return document.createElement("span");
  };
  Table.prototype.draw = function () {
    var names = this.yasr.results.getVariables();
    var rows = this.yasr.results.getBindings() || [];
    var box = element("div", "", this.yasr.resultsEl);
    box.className = "scroll";
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", "Results");
    var table = element("table", "", box);
    var head = element("tr", "", element("thead", "", table));
    names.forEach(function (name) {
      element("th", name, head).scope = "col";
    });
    var body = element("tbody", "", table);
    rows.slice(0, MOST_ROWS).forEach(function (row) {
      var line = element("tr", "", body);
      names.forEach(function (name) {
        var cell = element("td", "", line);
        if (row[name]) term(row[name], cell);
      });
    });
    if (rows.length > MOST_ROWS) element("p", "The first " + MOST_ROWS + " of " + rows.length + " rows; the download has all.", this.yasr.resultsEl);
    if (!rows.length) element("p", "No rows.", this.yasr.resultsEl);
  };
  Table.prototype.download = function (name) {
    var results = this.yasr.results;
    return {
      getData: function () {
        return results.asCsv();
      },
      filename: (name || "results") + ".csv",
      title: "Download as CSV",
      contentType: "text/csv",
    };
  };

  // What the endpoint says of an error: problem details (RFC 9457).
  function problem(error) {
    var told = { title: "The endpoint did not answer.", detail: error.text || "" };
    try {
      told = JSON.parse(error.text);
    } catch (unreadable) {
      // It is no problem details: what came is shown as it is.
    }
    var box = document.createElement("div");
    box.setAttribute("role", "alert");
    element("p", String(told.title || "Error"), box).className = "problem";
    element("p", String(told.detail || ""), box);
    return Promise.resolve(box);
  }

  Yasgui.Yasr.registerPlugin("table", Table);
  Yasgui.Yasqe.forkAutocompleter("prefixes", {
    name: "ownPrefixes",
    persistenceId: null,
    get: function () {
      return Object.keys(prefixes).map(function (name) {
        return name + ": <" + prefixes[name] + ">";
      });
    },
  });

  var yasr = new Yasgui.Yasr(place, {
    persistenceId: null,
    prefixes: prefixes,
    errorRenderers: [problem],
    pluginOrder: ["table", "response"],
    defaultPlugin: "table",
  });
  place.hidden = true;
  var where = element("div", "", null);
  text.parentNode.insertBefore(where, text.nextSibling);
  text.hidden = true;
  text.required = false;
  var yasqe = new Yasgui.Yasqe(where, {
    value: "",
    persistenceId: null,
    consumeShareLink: null,
    createShareableLink: null,
    autofocus: false,
    showQueryButton: false,
    resizeable: false,
    editorHeight: "22rem",
    collapsePrefixesOnLoad: false,
    // Only what is here: the others ask servers elsewhere.
    autocompleters: ["variables", "ownPrefixes"],
    prefixCcApi: null,
    screenReaderLabel: "SPARQL query",
    // Tab leaves the editor, as it does any other field.
    extraKeys: Object.assign({}, Yasgui.Yasqe.defaults.extraKeys, { Tab: false, "Shift-Tab": false }),
    requestConfig: {
      endpoint: new URL(form.getAttribute("action"), document.baseURI).href,
      method: "POST",
      acceptHeaderGraph: "text/turtle, application/n-triples;q=0.9, */*;q=0.1",
      acceptHeaderSelect: "application/sparql-results+json, */*;q=0.1",
    },
  });
  // The endpoint knows the prefixes of the project: they need no declaration. And a line separator within a query, which
  // the tokenizer cannot read, must not be its end.
  var mode = yasqe.getDoc().getMode();
  var startState = mode.startState;
  mode.startState = function () {
    var state = startState.apply(mode, arguments);
    state.prefixes = Object.assign({}, prefixes, state.prefixes);
    return state;
  };
  var token = mode.token;
  mode.token = function (stream) {
    try {
      return token.apply(mode, arguments);
    } catch (unreadable) {
      stream.skipToEnd();
      return "error";
    }
  };
  yasqe.setValue(text.value);
  yasqe.setSize(null, "22rem");
  yasqe.on("change", function () {
    text.value = yasqe.getValue();
  });
  yasqe.on("query", function () {
    place.setAttribute("aria-busy", "true");
    // What the server drew answers the query before.
    var drawn = document.getElementById("results");
    if (drawn) drawn.hidden = true;
  });
  yasqe.on("queryResponse", function (editor, response, duration) {
    place.removeAttribute("aria-busy");
    place.hidden = false;
    yasr.setResponse(response, duration);
  });
  form.addEventListener("submit", function (event) {
    var button = event.submitter;
    if (button && button.name) return; // A download: the browser takes it.
    event.preventDefault();
    yasqe.query().catch(function () {
      // What went wrong is shown among the results.
    });
  });
})();
