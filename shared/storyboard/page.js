"use strict";
// Pictures that are shown again, from where they are embedded.
for (const image of document.querySelectorAll("img[data-same-as]")) {
  image.src = document.getElementById(image.dataset.sameAs).src;
}

// On paper, everything is open.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((each) => (each.open = true)));

const video = document.querySelector("video");
if (video) {
  const { parts, captions, language } = JSON.parse(document.getElementById("data").textContent);
  const stage = document.querySelector(".stage");
  const chapters = document.querySelector(".chapters");
  let playing = null; // the index of the part that is shown
  let until = Infinity; // when to pause, where one part was asked for

  if (captions.length) {
    const track = video.addTextTrack("captions", "Captions", language);
    const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
    for (const [start, end, text] of captions) {
      track.addCue(new VTTCue(start, end, text.replace(/[&<>]/g, (sign) => escapes[sign])));
    }
    track.mode = "showing";
  }

  const play = (start, end = Infinity) => {
    until = end;
    video.currentTime = start;
    video.play().catch(() => {}); // a video that is not there says so itself
  };

  const markPart = () => {
    const shown = parts.find(([, start, end]) => video.currentTime >= start - 0.001 && video.currentTime < end - 0.001);
    const index = shown ? shown[0] : null;
    if (index === playing) return;
    for (const marked of document.querySelectorAll("[aria-current]")) marked.removeAttribute("aria-current");
    playing = index;
    for (const part of document.querySelectorAll(`[data-part="${index}"]`)) part.setAttribute("aria-current", "true");
    const chapter = chapters.querySelector("[aria-current]");
    if (chapter && !chapters.contains(document.activeElement)) {
      chapters.scrollTop = chapter.offsetTop - chapters.clientHeight / 2;
    }
  };

  video.addEventListener("timeupdate", () => {
    markPart();
    if (video.currentTime >= until) {
      until = Infinity;
      video.pause();
    }
  });
  video.addEventListener("seeking", () => {
    if (video.currentTime > until) until = Infinity; // somebody went elsewhere
  });
  video.addEventListener("error", () => (document.querySelector(".absent").hidden = false));
  video.addEventListener("loadedmetadata", () => (document.querySelector(".absent").hidden = true));

  for (const button of document.querySelectorAll("[data-jump]")) {
    button.addEventListener("click", () => play(Number(button.dataset.jump)));
  }
  for (const button of document.querySelectorAll("[data-start]")) {
    button.addEventListener("click", () => play(Number(button.dataset.start), Number(button.dataset.end)));
  }

  const outputs = [...document.querySelectorAll("[data-video]")];
  for (const button of outputs) {
    button.addEventListener("click", () => {
      const { currentTime, paused } = video;
      for (const other of outputs) other.setAttribute("aria-pressed", String(other === button));
      stage.dataset.ratio = button.textContent.replace(":", "x");
      video.src = button.dataset.video;
      video.currentTime = currentTime;
      if (!paused) video.play().catch(() => {});
    });
  }

  chapters.addEventListener("keydown", (event) => {
    const buttons = [...chapters.querySelectorAll("button")];
    const at = buttons.indexOf(document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (next === undefined || !buttons[next]) return;
    event.preventDefault();
    buttons[next].focus();
  });

  // While it plays and its place is out of sight, the video floats in a corner.
  let inSight = true;
  const float = () => stage.classList.toggle("afloat", !inSight && !video.paused);
  new IntersectionObserver(([place]) => {
    inSight = place.isIntersecting;
    float();
  }).observe(stage);
  for (const event of ["play", "pause"]) video.addEventListener(event, float);
}
