// Without this script every button sends the form and the whole page comes back. With it only
// the answer is replaced, and what was written stays: on the way back, over a reload, and when
// the language changes.
"use strict";

(() => {
  const form = document.getElementById("ask");
  if (!form) return;
  const title = document.getElementById("title");
  const post = document.getElementById("post");
  const count = document.getElementById("count");
  const status = document.getElementById("status");
  const pressed = () => document.querySelector(".why[aria-pressed=true]");
  // Such a page was brought by the form itself: to load it anew would send the form anew.
  const answer = document.getElementById("result");
  const sent = answer && !new URLSearchParams(location.search).has("example");
  let told = { answered: Boolean(answer), show: pressed() ? pressed().value : "" };
  let asked = null;
  let later = 0;

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

  const isEmpty = () => !title.value.trim() && !post.value.trim();

  // What is written stays with the page in the browser's history, and comes back with it: nothing
  // else of an answer may be kept. False where the browser finds it too large or too frequent.
  const keep = (address) => {
    clearTimeout(later);
    try {
      history.replaceState({ title: title.value, content: post.value, ...told }, "", address);
      return true;
    } catch {
      return false;
    }
  };

  const reveal = (element) => {
    element.focus({ preventScroll: true });
    element.scrollIntoView({ block: "start" });
    status.textContent = "";
  };

  // Beside the labels the reason is seen; the focus stays on the button. Below them it is not.
  const revealReason = (button) => {
    const because = document.getElementById("because");
    const labels = document.querySelector(".labels").getBoundingClientRect();
    if (because.getBoundingClientRect().top >= labels.bottom) return reveal(because);
    button.focus({ preventScroll: true });
    status.textContent = document.getElementById("because-heading").textContent;
  };

  const replaceAnswer = (text, submitter) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    const found = page.getElementById("answer");
    if (!found) throw new Error("no answer");
    document.getElementById("answer").replaceWith(document.adoptNode(found));
    document.title = page.title;
    const switcher = page.querySelector(".language");
    if (pressed()) document.querySelector(".language").replaceWith(document.adoptNode(switcher));
    const again = submitter && submitter.name === "show" && document.getElementById(submitter.id);
    if (again) revealReason(again);
    else reveal(document.getElementById("result"));
  };

  const ask = async (submitter, show) => {
    if (asked) asked.abort();
    told = { answered: true, show };
    keep();
    const mine = (asked = new AbortController());
    const body = new URLSearchParams({ title: title.value, content: post.value, show });
    status.textContent = form.dataset.working;
    // Not all of the form's address: fetch refuses one with a name and a password in it.
    const { pathname, search } = new URL(form.action);
    const to = location.origin + pathname + search;
    try {
      const response = await fetch(to, { method: "POST", body, signal: mine.signal });
      const text = await response.text();
      if (asked === mine) replaceAnswer(text, submitter);
    } catch (error) {
      if (asked === mine) status.textContent = form.dataset.failed;
    } finally {
      if (asked === mine) asked = null;
    }
  };

  // The page comes anew in the other language, and finds what was kept: no form is sent.
  const speak = (event) => {
    const chosen = event.target.closest(".language :is(a, [formaction])");
    if (!chosen || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const address = chosen.getAttribute(chosen.href ? "href" : "formaction");
    if (!sent && keep(address)) {
      event.preventDefault();
      location.reload();
    } else if (chosen.href) {
      event.preventDefault();
      form.action = address;
      form.submit();
    }
  };

  const restore = ({ title: head, content, answered, show }) => {
    const same = head === title.value && content === post.value && show === told.show;
    const fresh = same && told.answered;
    [title.value, post.value, told] = [head, content, { answered, show }];
    if (answered && !fresh && !isEmpty()) ask(null, show);
  };

  form.addEventListener("submit", (event) => {
    const submitter = event.submitter;
    // An older browser does not say which button it was, but sends it.
    if (submitter === undefined || (submitter && "whole" in submitter.dataset)) return;
    event.preventDefault();
    ask(submitter, submitter && submitter.name === "show" ? submitter.value : "");
  });
  form.addEventListener("keydown", (event) => {
    const chosen = event.key === "Enter" && (event.ctrlKey || event.metaKey);
    if (chosen) document.getElementById("tag").click();
  });
  form.addEventListener("input", () => {
    clearTimeout(later);
    later = setTimeout(keep, 300); // browsers refuse some hundred times in a row
  });
  form.addEventListener("change", () => keep());
  addEventListener("pagehide", () => keep());
  post.addEventListener("input", showCount);
  document.addEventListener("click", speak);
  // A page that was come back to, or loaded anew, has what was kept in it. One that was gone to
  // may have it too, where it has the address of the page before; some browsers do not say which.
  const [way] = performance.getEntriesByType("navigation");
  const isNew = way !== undefined && way.type === "navigate";
  if (!isNew && history.state && "content" in history.state) restore(history.state);
  showCount();
})();
