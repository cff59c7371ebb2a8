"""Makes every picture of the documents but the study's (make_study.py), light and dark.

    python docs/pictures/make.py --work FOLDER

What FOLDER holds already is not made again. It takes a Chromium, and half an hour.
"""

import make_maps
import make_page
import make_trend
import make_way
import make_windows
from picturing import options


def main() -> None:
    work, chromium = options(__doc__.splitlines()[0])
    make_way.main()
    for script in (make_page, make_maps, make_trend, make_windows):
        folder = work / script.__name__
        folder.mkdir(exist_ok=True)
        script.make(folder, chromium)


if __name__ == "__main__":
    main()
