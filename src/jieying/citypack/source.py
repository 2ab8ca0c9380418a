"""The files of a pack as records that know their line, and note a fault instead of stopping at it."""

import csv
import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from jieying.citypack.faults import Fault
from jieying.citypack.model import Level, Name
from jieying.kit.geo import Point, is_point

NOWHERE = Point(0.0, 0.0)


class Source:
    """A pack folder that is being read; `faults` fills on the way."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults: list[Fault] = []

    def fault(self, file: str, line: int, code: str, **params: object) -> None:
        self.faults.append(Fault(file, line, code, params))

    def read(self, file: str) -> str | None:
        """The text of a file (UTF-8, with or without byte order mark), or None and a fault."""
        try:
            raw = (self.folder / file).read_bytes()
        except OSError as error:
            missing = isinstance(error, FileNotFoundError)
            self.fault(file, 0, "missing_file" if missing else "unreadable", reason=error.strerror or "")
            return None
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            self.fault(file, raw.count(b"\n", 0, error.start) + 1, "not_utf8")
            return None

    def has(self, file: str) -> bool:
        """Whether an optional file is there."""
        return (self.folder / file).exists()

    def rows(self, file: str, columns: str, optional: str = "") -> Iterator[tuple[int, list[str]]]:
        """Line number and cells of each row of a CSV whose columns may stand in any order.

        Cells come in the order of `columns`, then of `optional` (both comma-separated), stripped; those of an
        optional column that is not there are empty. Empty lines are passed over.
        """
        content = self.read(file)
        if content is None:
            return
        wanted, extra = columns.split(","), [name for name in optional.split(",") if name]
        reader = csv.reader(content.splitlines(), strict=True)
        try:
            header = [cell.strip() for cell in next(reader, [])]
            for name in (n for n in header if n not in (*wanted, *extra)):
                self.fault(file, 1, "unknown_column", column=name, columns=",".join((*wanted, *extra)))
            lacking = [n for n in wanted if n not in header]
            for name in lacking:
                self.fault(file, 1, "missing_column", column=name)
            if lacking:
                return
            order = [header.index(name) if name in header else None for name in (*wanted, *extra)]
            for row in reader:
                if len(row) != len(header):
                    if row:
                        self.fault(file, reader.line_num, "cell_count", found=len(row), expected=len(header))
                    continue
                yield reader.line_num, ["" if i is None else row[i].strip() for i in order]
        except csv.Error as error:
            self.fault(file, reader.line_num, "csv_syntax", reason=str(error))

    def table(self, file: str, columns: str, optional: str = "") -> "Iterator[Record]":
        """The rows of a CSV as records."""
        names = [name for name in (*columns.split(","), *optional.split(",")) if name]
        for line, cells in self.rows(file, columns, optional):
            yield Record(self, file, line, dict(zip(names, cells, strict=True)))

    def toml(self, file: str, known: Iterable[str]) -> "TomlFile":
        """A TOML file, empty after a fault. `known`: the top-level tables that may stand in it."""
        content = self.read(file)
        parsed: dict[str, Any] = {}
        if content is not None:
            try:
                parsed = tomllib.loads(content)
            except tomllib.TOMLDecodeError as error:
                at = re.search(r"at line (\d+)", str(error))
                last = content.count("\n") + 1
                self.fault(file, int(at[1]) if at else last, "toml_syntax", reason=str(error))
        found = TomlFile(self, file, content or "", parsed)
        for key in parsed.keys() - set(known):
            self.fault(file, found.line_of(key, 0), "unknown_key", field=key)
        return found

    def features(self, file: str, keys: str) -> "Iterator[tuple[Record, Any]]":
        """The features of a GeoJSON file: their properties as a record, and the raw geometry."""
        content = self.read(file)
        if content is None:
            return
        try:
            features = json.loads(content)["features"]
            lines = [content.count("\n", 0, m.start()) + 1 for m in re.finditer(r'"Feature"', content)]
            for i, feature in enumerate(features):
                line = lines[i] if i < len(lines) else 0
                properties = {k: v for k, v in feature["properties"].items() if k in keys.split(",")}
                yield Record(self, file, line, properties), feature["geometry"]
        except json.JSONDecodeError as error:
            self.fault(file, error.lineno, "json_syntax", reason=error.msg)
        except (KeyError, TypeError, AttributeError) as error:
            self.fault(file, 0, "not_geojson", reason=repr(error))


class TomlFile:
    """A parsed TOML file that can say on which line a table begins."""

    def __init__(self, source: Source, file: str, content: str, parsed: dict[str, Any]) -> None:
        self._source, self._file, self._parsed = source, file, parsed
        self._headers: dict[str, list[int]] = {}
        for number, row in enumerate(content.splitlines(), 1):
            if header := re.match(r"\s*(?:\[{1,2}\s*([^\[\]]+?)\s*\]|([\w-]+)\s*=)", row):
                self._headers.setdefault(header[1] or header[2], []).append(number)

    def line_of(self, table: str, index: int) -> int:
        """The line of the header of a table, of the `index`th for an array of tables; 0 when not found."""
        lines = self._headers.get(table, [])
        return lines[index] if index < len(lines) else 0

    def one(self, *path: str, keys: str = "") -> "Record | None":
        """A single table, or None. `keys`: what may stand in it; empty: anything."""
        value: Any = self._parsed
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if not isinstance(value, dict):
            return None
        return self._record(self.line_of(".".join(path), 0), value, keys)

    def need(self, *path: str, keys: str = "") -> "Record":
        """A single table; when it lacks, a fault and an empty record."""
        record = self.one(*path, keys=keys)
        if record is None:
            self._source.fault(self._file, 0, "missing_table", table=".".join(path))
        return record or Record(Source(self._source.folder), self._file, 0, {})

    def many(self, table: str, keys: str) -> "Iterator[Record]":
        """The tables of an array `[[table]]`."""
        values = self._parsed.get(table, [])
        if not isinstance(values, list):
            self._source.fault(self._file, self.line_of(table, 0), "not_array", table=table)
            return
        for i, value in enumerate(values):
            yield self._record(self.line_of(table, i), value if isinstance(value, dict) else {}, keys)

    def _record(self, line: int, value: dict[str, Any], keys: str) -> "Record":
        record = Record(self._source, self._file, line, value)
        for key in value:
            if keys and key not in keys.split(","):
                record.fault("unknown_key", field=key)
        return record


class Record:
    """A row, table or feature: typed values, each wrong one noted with its line and replaced by a default."""

    def __init__(self, source: Source, file: str, line: int, values: dict[str, Any]) -> None:
        self.source, self.file, self.line, self.values = source, file, line, values

    def fault(self, code: str, **params: object) -> None:
        self.source.fault(self.file, self.line, code, **params)

    def text(self, key: str, default: str | None = None) -> str:
        """A non-empty text, or the default; without default an empty one is a fault."""
        value = self.values.get(key, "")
        if value is None or value == "":
            if default is None:
                self.fault("empty", field=key)
            return default or ""
        if not isinstance(value, str):
            self.fault("not_text", field=key, value=value)
            return default or ""
        return value

    def name(self, key: str = "name") -> Name:
        """From `key = {zh, en}`, or from the columns `name_zh`, `name_en`."""
        pair = self.values.get(key, {"zh": self.values.get("name_zh"), "en": self.values.get("name_en")})
        zh, en = (pair.get("zh"), pair.get("en")) if isinstance(pair, dict) else (pair, "")
        if not isinstance(zh, str) or not zh:
            self.fault("empty", field=f"{key}.zh" if key in self.values else "name_zh")
            zh = ""
        return Name(zh, en if isinstance(en, str) else "")

    def number(self, key: str, default: float | None = None, low: float = 0.0, high: float = 1e9) -> float:
        """A number from `low` to `high`."""
        value = self.values.get(key, "")
        if value == "" and default is not None:
            return default
        try:
            found = float(value) if not isinstance(value, bool) else float("nan")
        except (TypeError, ValueError):
            found = float("nan")
        if found != found:  # NaN: it was no number at all
            self.fault("bad_number", field=key, value=value)
            return default or 0.0
        if not low <= found <= high:
            self.fault("number_range", field=key, value=value, low=f"{low:g}", high=f"{high:g}")
        return found

    def whole(self, key: str, default: int | None = None, low: int = 0, high: int = 1_000_000_000) -> int:
        """A whole number from `low` to `high`."""
        found = self.number(key, default, low, high)
        if not float(found).is_integer():  # a default is an int
            self.fault("bad_number", field=key, value=self.values.get(key))
        return int(found) if abs(found) < 1e18 else 0

    def flag(self, key: str) -> bool:
        """true or false; false when absent."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            self.fault("not_flag", field=key, value=value)
        return value is True

    def point(self) -> Point:
        """From the columns `lat` and `lon`."""
        return self._point(self.values.get("lat", ""), self.values.get("lon", ""))

    def point_or_none(self) -> Point | None:
        """As `point`, None when both cells are empty."""
        return self.point() if self.values.get("lat") or self.values.get("lon") else None

    def center(self, key: str) -> Point:
        """From `key = [lat, lon]`."""
        value = self.values.get(key)
        return self._point(*value) if isinstance(value, list) and len(value) == 2 else self._point("", "")

    def _point(self, lat: Any, lon: Any) -> Point:
        try:
            point = Point(float(lat), float(lon))
        except (TypeError, ValueError):
            self.fault("bad_number", field="lat, lon", value=f"{lat}, {lon}")
            return NOWHERE
        if not is_point(*point):
            self.fault("position_range", lat=str(lat), lon=str(lon))
            return NOWHERE
        return point

    def one_of(self, key: str, allowed: Iterable[str]) -> str:
        """One of the words that are allowed here."""
        value = self.text(key)
        if value and value not in allowed:
            self.fault("not_one_of", field=key, value=value, allowed=", ".join(allowed))
        return value

    def known(self, key: str, known: Iterable[str], code: str) -> str:
        """A reference, noted as the fault `code` when nothing bears that code."""
        value = self.text(key)
        if value and value not in known:
            self.fault(code, field=key, value=value)
        return value

    def fresh_code(self, taken: Iterable[str]) -> str:
        """The code, noted as a fault when it is taken."""
        code = self.text("code")
        if code in taken:
            self.fault("duplicate_code", value=code)
        return code

    def fresh_name(self, group: str, taken: set[tuple[str, str]]) -> Name:
        """The name, noted as a fault when another of the group has it: people tell things apart by name."""
        name = self.name()
        if name.zh and (group, name.zh) in taken:
            self.fault("duplicate_name", value=name.zh)
        taken.add((group, name.zh))
        return name

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts: a TOML array, or a cell with `;` between them."""
        value = self.values.get(key, [])
        if isinstance(value, str):
            value = [part.strip() for part in value.split(";")]
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            self.fault("not_texts", field=key)
            return ()
        return tuple(v for v in value if v)

    def level(self, key: str, value: object = None) -> Level:
        """One of the five levels."""
        found = self.values.get(key) if value is None else value
        try:
            return Level(str(found))
        except ValueError:
            self.fault("bad_level", field=key, value=found)
            return Level.WHITE
