// Without this script every button sends the form and the whole page comes back. With it only
// the answer is replaced, so that the text, its history and the place on the page stay.
"use strict";

(() => {
  const form = document.getElementById("ask");
  if (!form) return;
  const title = document.getElementById("title");
  const post = document.getElementById("post");
  const count = document.getElementById("count");
  const status = document.getElementById("status");
  let asked = null;

  const characters = (text) => {
    let number = 0;
    for (const _ of text) number += 1; // code points, as the service counts
    return number;
  };

  const showCount = () => {
    const number = characters(post.value);
    const over = number > Number(count.dataset.most);
    const pattern = over ? count.dataset.over : count.dataset.text;
    count.textContent = number ? pattern.replace("#", number.toLocaleString("en")) : "";
    count.classList.toggle("over", over);
  };

  const replaceAnswer = (text, submitter) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    const found = page.getElementById("answer");
    if (!found) throw new Error("no answer");
    document.getElementById("answer").replaceWith(document.adoptNode(found));
    document.title = page.title;
    const switcher = page.querySelector(".language");
    if (switcher) document.querySelector(".language").replaceWith(document.adoptNode(switcher));
    const again = submitter && submitter.name === "show" && document.getElementById(submitter.id);
    if (again) {
      again.focus({ preventScroll: true });
      status.textContent = document.getElementById("because-heading").textContent;
    } else {
      const result = document.getElementById("result");
      result.focus({ preventScroll: true });
      result.scrollIntoView({ block: "start" });
      status.textContent = "";
    }
  };

  // What was asked stays with the page in the browser's history, and comes back with it: nothing
  // else of an answer may be kept.
  const keep = () => {
    try {
      history.replaceState({ title: title.value, content: post.value }, "");
    } catch {
      // The browser finds it too large or too frequent: then the way back finds an empty form.
    }
  };

  const ask = async (submitter) => {
    if (asked) asked.abort();
    keep();
    const mine = (asked = new AbortController());
    const fields = new URLSearchParams();
    for (const [name, value] of new FormData(form)) fields.append(name, value);
    if (submitter && submitter.name) fields.append(submitter.name, submitter.value);
    status.textContent = form.dataset.working;
    try {
      const answer = await fetch(form.action, { method: "POST", body: fields, signal: mine.signal });
      const text = await answer.text();
      if (asked === mine) replaceAnswer(text, submitter);
    } catch (error) {
      if (asked === mine) status.textContent = form.dataset.failed;
    } finally {
      if (asked === mine) asked = null;
    }
  };

  form.addEventListener("submit", (event) => {
    if (event.submitter && "whole" in event.submitter.dataset) return;
    event.preventDefault();
    ask(event.submitter);
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  post.addEventListener("input", showCount);
  const [{ type: way }] = performance.getEntriesByType("navigation");
  if (history.state && way !== "navigate" && !title.value && !post.value) {
    ({ title: title.value, content: post.value } = history.state);
    ask(null);
  }
  showCount();
})();
