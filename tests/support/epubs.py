"""EPUB files, as small as possible."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

CONTAINER = """<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/>
</rootfiles></container>"""
PACKAGE = """<?xml version="1.0"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">{metadata}</metadata>
<manifest>{items}</manifest><spine>{spine}</spine></package>"""
METADATA = (
    "<dc:title>Two  Rhymes</dc:title><dc:creator>Ann Low</dc:creator>"
    "<dc:creator>Bo Ray</dc:creator><dc:language>en-GB</dc:language>"
)
PAGE = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>no text</title></head>{}</html>'


def write_epub(
    file: Path,
    pages: Mapping[str, str | bytes],
    metadata: str = METADATA,
    more: Mapping[str, str] | None = None,
) -> Path:
    """A book with such pages (name in its folder → body), read in that order."""
    items = "".join(
        f'<item id="p{at}" href="{name}" media-type="application/xhtml+xml"/>'
        for at, name in enumerate(pages)
    )
    spine = "".join(f'<itemref idref="p{at}"/>' for at in range(len(pages)))
    with zipfile.ZipFile(file, "w") as opened:
        opened.writestr("mimetype", "application/epub+zip")
        opened.writestr("META-INF/container.xml", CONTAINER)
        package = PACKAGE.format(metadata=metadata, items=items, spine=spine)
        opened.writestr("OEBPS/book.opf", package)
        for name, body in pages.items():
            page = body if isinstance(body, bytes) else PAGE.format(f"<body>{body}</body>")
            opened.writestr(f"OEBPS/{name}", page)
        for name, content in (more or {}).items():
            opened.writestr(name, content)
    return file
