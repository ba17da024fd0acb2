// The map of the citizen's form: a tap fills in longitude and latitude. Without it both can be typed.
"use strict";

(function () {
  const place = document.getElementById("map");
  const fields = ["latitude", "longitude"].map((name) => document.getElementById(name));
  if (!place || !window.L || fields.includes(null)) return;
  const said = place.dataset;
  const written = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  const map = L.map(place).setView([Number(said.latitude), Number(said.longitude)], Number(said.zoom));
  L.tileLayer(said.tiles, { maxZoom: 18, attribution: written(said.attribution) }).addTo(map);
  map.attributionControl.setPrefix("Leaflet");
  let marker = null;

  function mark(position) {
    if (marker) marker.setLatLng(position);
    else marker = L.marker(position, { alt: "" }).addTo(map);
  }

  function markTyped() {
    const typed = fields.map((field) => field.value.trim());
    const degrees = typed.map(Number);
    if (typed.includes("") || !degrees.every(Number.isFinite)) return;
    mark(degrees);
    map.panTo(degrees);
  }

  map.on("click", (event) => {
    const at = event.latlng.wrap();
    fields[0].value = at.lat.toFixed(6);
    fields[1].value = at.lng.toFixed(6);
    mark(at);
  });
  fields.forEach((field) => field.addEventListener("change", markTyped));
  markTyped();
})();
