"""Texts that a model may say, and that must do nothing in a terminal or a page."""

HOSTILE = {
    "ansi": "\x1b[31mred\x1b[2J\x1b]0;title\x07 and on",
    "xml": "so ]]> it </testcase><testcase name='x'/> ends &amp; &#0;",
    "html": "<script>alert(1)</script><img src=x onerror=alert(2)></style>",
    "markdown": "[a link](javascript:alert(1)) ![an image](http://a.b/c.png) `code` **bold** | x |",
    "addresses": "see https://a.b/c?d or www.a.b or <mailto:a@b.c> or @everyone #12",
    "right to left": "one \u202etwo\u202c \u2066three\u2069 \u200f four",
    "nul": "nul \x00 bell \x07 backspace \x08\x08\x08 delete \x7f",
    "long word": "x" * 100_000,
    "long line": "many words " * 9_000,
    "odd": "\ufeff \ufffe \U000e0041 tag \u00ad soft",
    "percent": "%s %(x)s {0} {title!r} $HOME $(id) ${{ secrets.X }}",
    "surrogate": "lone \ud800 and \udfff",
}
