// The page's policy forbids styles written as text. Two places in the bundles write them; both
// run before anything is drawn, so this file is loaded first.
"use strict";

// An open dialog locks scrolling with a <style> element, which its library fills through
// `styleSheet` where that exists. It gets an element that means nothing (even an empty <style> is
// refused) and that hands the text to a sheet of the kind scripts may fill. The rules hang on an
// attribute of <body> that goes away with the dialog, so one sheet serves for ever.
const lock = new CSSStyleSheet();
document.adoptedStyleSheets.push(lock);
const createElement = document.createElement.bind(document);
document.createElement = (name, options) => {
  if (name !== "style") return createElement(name, options);
  return Object.assign(createElement("template"), {
    styleSheet: {
      set cssText(text) {
        lock.replaceSync(text);
      },
    },
  });
};

// "Jump to line" of the editor opens a box whose markup carries style attributes: done without.
addEventListener(
  "keydown",
  (event) => {
    if (event.altKey && event.code === "KeyG") event.stopImmediatePropagation();
  },
  true,
);
