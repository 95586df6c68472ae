// The tokens of web/tokens.css that the button and the panel need: the page around them has its own.
const TOKENS = `
.surface {
  --accent: #2f5bea; --ink: #ffffff; --canvas: #ffffff; --text: #16181d; --line: #e1e4ea; --warn: #c8102e;
  --side: var(--business-chat-side, 20px);
  --bottom: var(--business-chat-bottom, 20px);
  --quick: 140ms;
  color-scheme: light;
}
.surface[data-theme="dark"] {
  --accent: #8ea8ff; --ink: #10162b; --canvas: #171a20; --text: #e9ebef; --line: #2b303b;
  color-scheme: dark;
}
@media (prefers-reduced-motion: reduce) { .surface { --quick: 0ms; } }
`;

const LAUNCHER = `
.launcher {
  bottom: calc(var(--bottom) + env(safe-area-inset-bottom, 0px));
  box-sizing: border-box; width: 56px; height: 56px; padding: 0; border: 0; border-radius: 50%;
  background: var(--accent); color: var(--ink); cursor: pointer;
  box-shadow: 0 1px 3px rgb(0 0 0 / 20%), 0 6px 20px rgb(0 0 0 / 22%);
  transition: transform var(--quick), box-shadow var(--quick);
}
.launcher:hover { transform: translateY(-2px); box-shadow: 0 2px 4px rgb(0 0 0 / 20%), 0 10px 26px rgb(0 0 0 / 26%); }
.launcher:active { transform: scale(0.96); }
button:focus-visible { outline: 3px solid var(--canvas); box-shadow: 0 0 0 6px var(--accent); }
.launcher svg {
  position: absolute; inset: 0; width: 26px; height: 26px; margin: auto; fill: currentColor;
  transition: opacity var(--quick), transform var(--quick);
}
.surface:not(.open) .launcher svg:nth-of-type(2) { opacity: 0; transform: rotate(-45deg) scale(0.6); }
.open .launcher svg:nth-of-type(1) { opacity: 0; transform: rotate(45deg) scale(0.6); }
.badge {
  position: absolute; top: -4px; inset-inline-end: -4px; box-sizing: border-box; min-width: 22px; height: 22px;
  padding: 0 5px; border: 2px solid var(--canvas); border-radius: 11px; background: var(--warn); color: #ffffff;
  font: 600 12px/18px system-ui, sans-serif; text-align: center;
}
.badge:empty, .open .badge { display: none; }
`;

const PANEL = `
.panel {
  bottom: calc(var(--bottom) + 72px + env(safe-area-inset-bottom, 0px)); box-sizing: border-box;
  width: 392px; max-width: calc(100vw - 2 * var(--side)); height: min(680px, calc(100dvh - var(--bottom) - 92px));
  overflow: hidden; border: 1px solid var(--line); border-radius: 16px; background: var(--canvas);
  box-shadow: 0 2px 6px rgb(0 0 0 / 8%), 0 16px 48px rgb(0 0 0 / 24%);
  visibility: hidden; opacity: 0; transform: translateY(12px) scale(0.98); transform-origin: bottom;
  transition: opacity var(--quick), transform var(--quick), visibility 0s var(--quick);
}
.open .panel { visibility: visible; opacity: 1; transform: none; transition-delay: 0s; }
iframe { display: block; width: 100%; height: 100%; border: 0; color-scheme: inherit; background: var(--canvas); }
.notice {
  position: absolute; inset: 0; display: grid; place-content: center; gap: 16px; padding: 24px;
  background: var(--canvas); text-align: center;
}
.notice p { margin: 0; }
.notice button {
  min-height: 44px; margin: 0 4px; padding: 0 16px; border: 1px solid var(--line); border-radius: 12px;
  background: none; color: inherit; font: inherit; cursor: pointer;
}
`;

export const STYLE = `
:host { all: initial; }
[hidden] { display: none !important; }
${TOKENS}
.surface { color: var(--text); font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
.launcher, .panel {
  position: fixed; z-index: var(--business-chat-layer, 2147483000);
  inset-inline-end: calc(var(--side) + env(safe-area-inset-right, 0px));
}
.left .launcher, .left .panel { inset-inline: calc(var(--side) + env(safe-area-inset-left, 0px)) auto; }
${LAUNCHER}
${PANEL}
.news {
  position: fixed; bottom: 0; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap;
}
@media (max-width: 480px), (max-height: 420px) {
  .panel, .left .panel {
    inset: 0; width: 100%; max-width: none; height: 100dvh; border: 0; border-radius: 0;
  }
  .open .launcher { visibility: hidden; }
}
@media (forced-colors: active) { .launcher { border: 2px solid ButtonText; } }
@media print { .surface { display: none; } }
`;
