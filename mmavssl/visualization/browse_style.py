"""How the page of clips looks, on a light and on a dark screen."""

STYLE = """
:root {
  --page: #eef0f4; --card: #fff; --ink: #181c26; --grey: #5d6373; --edge: #d4d8e0;
  --own: #0072ff; --partner: #d97200; --amber-ground: #fff3dd; --amber-ink: #7a4300;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12141a; --card: #1b1e27; --ink: #e8eaf0; --grey: #9aa1b2; --edge: #313644;
    --own: #5aa2ff; --partner: #ffad4d; --amber-ground: #3a2a10; --amber-ink: #ffd08a;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.2rem; max-width: 110rem; background: var(--page);
  color: var(--ink); font: 15px/1.45 system-ui, sans-serif;
}
h1 { margin: 0 0 .6rem; font-size: 1.4rem; }
h2 { margin: 0 0 .8rem; font-size: 1.05rem; overflow-wrap: anywhere; }
a { color: var(--own); }
.number, .remark { color: var(--grey); }
.label {
  margin-left: .4rem; padding: .1rem .6rem; border: 1px solid var(--edge);
  border-radius: 1rem; font-weight: 500; font-size: .85rem;
}
.warning, .remark { margin: .3rem 0; }
.warning {
  padding: .5rem .8rem; border-radius: .4rem;
  background: var(--amber-ground); color: var(--amber-ink);
}
nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin: .8rem 0; padding: 0; }
nav li { list-style: none; }
article {
  margin: 0 0 1.2rem; padding: 1rem; background: var(--card);
  border: 1px solid var(--edge); border-radius: .6rem;
}
figure {
  display: grid; grid-template-columns: 9rem minmax(0, 1fr) 22.5rem; gap: .8rem;
  align-items: start; margin: 0 0 .7rem; padding-left: .6rem;
  border-left: 4px solid var(--own);
}
figure.partner { border-color: var(--partner); }
figcaption b, figcaption span { display: block; overflow-wrap: anywhere; }
figcaption span { color: var(--grey); font-size: .82rem; }
img { display: block; border-radius: .25rem; }
img.frames {
  width: 100%; height: auto; max-height: 10.5rem; object-fit: contain; object-position: left top;
}
img.panel { width: 100%; height: auto; }
audio { display: block; width: 100%; height: 2.2rem; margin-top: .3rem; }
table { border-collapse: collapse; font-size: .85rem; }
th, td { padding: .15rem 1rem .15rem 0; text-align: left; vertical-align: top; }
th { color: var(--grey); font-weight: 500; white-space: nowrap; }
td { overflow-wrap: anywhere; }
@media (max-width: 60rem) { figure { grid-template-columns: minmax(0, 1fr); } }
"""
