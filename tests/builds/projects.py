"""The real projects: where each comes from, and the commands that build and test it, as its own documentation has them.

In a command, `{cc}` and `{cxx}` are the compilers, `{python}` this interpreter, `{tree}` the folder the sources are in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sources import Debian, PyPI, Source


@dataclass(frozen=True)
class Step:
    """One command: words divided by blanks, run in `cwd` of the tree with `env` added.

    An `unprivileged` one cannot override the permissions of files, even where the tests run as root.
    """

    command: str
    cwd: str = "."
    env: Mapping[str, str] = field(default_factory=dict)
    unprivileged: bool = False


@dataclass(frozen=True)
class Project:
    """How one source package is built by one build system with one LLVM, and what its authors test it with."""

    name: str
    source: Source
    system: str
    clang: int
    configure: tuple[Step, ...]
    build: tuple[Step, ...]
    test: tuple[Step, ...]
    tested: str  # what the test steps are, for the table
    quick: bool = False
    files: Mapping[str, str] = field(default_factory=dict)  # what the packaging writes before it builds

    @property
    def remembers(self) -> bool:
        """Return whether the build system keeps something from one build for the next and says so (pip: its wheels)."""
        return self.system == "pip"

    @property
    def id(self) -> str:
        """Return the name of this case."""
        return f"{self.name}-{self.system.lower().replace(' + ', '-').replace(' ', '-')}"


TIMES = {"SOURCE_DATE_EPOCH": "1700000000"}  # the times inside a wheel


def _cmake(source: str, generator: str, more: str = "") -> tuple[Step, ...]:
    return (Step(f"cmake -S {source} -B out -G '{generator}' -DCMAKE_BUILD_TYPE=Release {more}"),)


CMAKE_BUILD = (Step("cmake --build out --verbose --parallel 1"),)
WHEEL = (
    Step("{python} -m pip --disable-pip-version-check wheel --verbose --no-binary :all: --no-deps --wheel-dir dist .", env=TIMES),
)


def _install(what: str) -> Step:
    quiet = "--quiet --disable-pip-version-check"
    return Step(f"{{python}} -m pip {quiet} install --no-index --no-deps --target site --find-links dist {what}")


# The rest of zstd's Meson tests take minutes each.
ZSTD_SHORT = ("longmatch", "invalidDictionaries", "legacy", "decodecorpus", "poolTests")

PROJECTS = (
    Project(
        "bzip2",
        Debian("bzip2"),
        "Make",
        22,
        (),
        (Step("make -j1 CC={cc} libbz2.a bzip2 bzip2recover"), Step("make -j1 -f Makefile-libbz2_so CC={cc}")),
        (Step("make test CC={cc}"),),
        "make test",
        quick=True,
    ),
    Project(
        "lz4",
        Debian("lz4"),
        "Make",
        19,
        (),
        (Step("make -j1 V=1 CC={cc} CXX={cxx} lib lz4"), Step("make -j1 V=1 -C tests CC={cc} CXX={cxx} all")),
        (Step("make -C tests CC={cc} CXX={cxx} check"),),
        "make -C tests check",
    ),
    Project(
        "lua5.4",
        Debian("lua5.4"),
        "Make + libtool",
        22,
        (
            Step("mkdir debian/libtool"),
            Step("cp debian/configure.ac debian/libtool/"),
            Step("autoreconf -f -i", "debian/libtool", {"LIBTOOLIZE": "libtoolize -i"}),
            Step("./configure", "debian/libtool"),
        ),
        (
            Step(
                "make -j1 linux-readline V=5.4 LIBTOOL={tree}/debian/libtool/libtool 'CC={cc} -std=gnu99' CXX={cxx}",
                env={"DEB_BUILD_MAINT_OPTIONS": "hardening=+all"},
            ),
        ),
        (Step("make test V=5.4 LIBTOOL={tree}/debian/libtool/libtool"),),
        "make test",
        files={"src/lua5.4-deb-multiarch.h": '#define DEB_HOST_MULTIARCH "."\n'},
    ),
    Project(
        "libdeflate",
        Debian("libdeflate"),
        "Make",
        22,
        (),
        (Step("make -j1 V=1 CC={cc} all test_programs"),),
        (Step("make V=1 CC={cc} check"),),
        "make check",
    ),
    Project(
        "zstd",
        Debian("libzstd"),
        "Make",
        22,
        (),
        # Where BUILD_DIR is not given, the folder is named by a digest of the command line, compiler's name and all.
        (Step("make -j1 V=1 CC={cc} CXX={cxx} BUILD_DIR=obj lib zstd"),),
        (Step("make -C tests CC={cc} CXX={cxx} check"),),
        "make -C tests check (playTests.sh, short)",
    ),
    Project(
        "zstd",
        Debian("libzstd"),
        "CMake + Unix Makefiles",
        19,
        _cmake("build/cmake", "Unix Makefiles", "-DZSTD_BUILD_TESTS=ON -DZSTD_BUILD_CONTRIB=ON"),
        CMAKE_BUILD,
        (Step("ctest --output-on-failure -R playTests", "out"),),
        "ctest -R playTests",
    ),
    Project(
        "zstd",
        Debian("libzstd"),
        "Meson + Ninja",
        22,
        # Without a seed Meson's scratch projects for CMake name their languages in another order each time.
        (
            Step(
                "meson setup build/meson out -Dbin_tests=true -Dbin_contrib=true --buildtype=release",
                env={"PYTHONHASHSEED": "0"},
            ),
        ),
        (Step("ninja -C out -v -j1"),),
        (Step("meson test -C out --print-errorlogs " + " ".join(f"test-{each}" for each in ZSTD_SHORT)),),
        f"meson test {' '.join(ZSTD_SHORT)}",
    ),
    Project(
        "brotli",
        Debian("brotli"),
        "CMake + Ninja",
        22,
        _cmake(".", "Ninja"),
        CMAKE_BUILD,
        (Step("ctest --output-on-failure", "out"),),
        "ctest",
        quick=True,
    ),
    Project(
        "xz-utils",
        Debian("xz-utils"),
        "autotools + libtool",
        22,
        (Step("./autogen.sh --no-po4a --no-doxygen"), Step("./configure")),
        (Step("make -j1 V=1"),),
        (Step("make check V=1"),),
        "make check",
    ),
    Project(
        "flac",
        Debian("flac"),
        "autotools + libtool",
        19,
        (Step("autoreconf -f -i"), Step("./configure --disable-thorough-tests --disable-silent-rules")),
        (Step("make -j1"),),
        (Step("make check", unprivileged=True),),
        "make check, --disable-thorough-tests",
    ),
    Project(
        "regex",
        PyPI("regex", "2026.11.19"),
        "pip",
        22,
        (),
        WHEEL,
        (_install("regex"), Step("{python} -m unittest regex.tests.test_regex", "site")),
        "python -m unittest",
        quick=True,
    ),
    Project(
        "zstandard",
        PyPI("zstandard", "0.25.0"),
        "pip",
        19,
        (),
        WHEEL,
        (
            _install("zstandard"),
            Step("cp -r tests site/"),  # beside the sources it would test those
            Step("{python} -m pytest -q -p no:cacheprovider tests", "site"),
        ),
        "pytest tests",
    ),
)
