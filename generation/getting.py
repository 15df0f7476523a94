"""Get the files of a model that is not shipped: fetch, check, convert what is a pickle, record. File by file.

A file put into the folder by hand is adopted: its digest is compared with the published one, and recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from generation.downloads import DownloadFailed, Fetched, OnBytes, fetch, file_sha256
from generation.weight_files import WeightFile, Weights
from generation.weight_record import FIRST, PUBLISHED, Recorded, read_record, record, state

Convert = Callable[[Path, Path], None]


def get_file(
    folder: Path, part: Weights, file: WeightFile, on_bytes: OnBytes, *, convert: Convert, mirror: str = ""
) -> Recorded:
    """Have one file in the folder and on record; nothing is fetched that is there already.

    mirror: an address laid out as the folder itself, instead of the published one. convert: turns a pickle into
    safetensors. Raises DownloadFailed, or what `convert` raises.
    """
    known = read_record(folder).get(file.needed)
    if known is not None and state(folder, file) == "there":
        return known
    source, made = _have(folder, part, file, on_bytes, convert, mirror)
    is_published = bool(file.sha256) and made.sha256 == file.sha256
    entry = Recorded(
        sha256=made.sha256,
        size=made.size,
        source=source,
        licence=part.licence,
        known=PUBLISHED if is_published else FIRST,
    )
    record(folder, file.needed, entry)
    return entry


def _have(  # noqa: PLR0917 - the same facts as its only caller
    folder: Path, part: Weights, file: WeightFile, on_bytes: OnBytes, convert: Convert, mirror: str
) -> tuple[str, Fetched]:
    """The needed file's source, digest and size."""
    if state(folder, file) == "there":
        return "put there by hand", _adopted(folder, file)
    if mirror:
        url = f"{mirror.rstrip('/')}/{file.needed}"
        digest, size = ("", 0) if file.converted else (file.sha256, file.size)
        return url, fetch(url, folder / file.needed, sha256=digest, size=size, on_bytes=on_bytes)
    url, path = part.url(file), folder / file.path
    if not path.is_file():
        fetched = fetch(url, path, sha256=file.sha256, size=file.size, on_bytes=on_bytes)
        if not file.converted:
            return url, fetched
    return url, _converted(folder, file, convert)


def _adopted(folder: Path, file: WeightFile) -> Fetched:
    path = folder / file.needed
    found = Fetched(file_sha256(path), path.stat().st_size)
    if file.sha256 and not file.converted and found.sha256 != file.sha256:
        raise DownloadFailed(f"{path} is there but is not the published file: delete it, then get it again")
    return found


def _converted(folder: Path, file: WeightFile, convert: Convert) -> Fetched:
    """The pickle goes once its tensors are in the new file."""
    pickle, target = folder / file.path, folder / file.converted
    convert(pickle, target)
    pickle.unlink()
    return Fetched(file_sha256(target), target.stat().st_size)
