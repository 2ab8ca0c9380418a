"""Understanding: figures on held-back texts beside plain baselines, fraud across domains, time and memory.

Fraud is learnt from our own texts alone and judged on outside ones: dialogues of a language model and messages of
citizens to a city hotline (../shared/data/text). The threshold is that of the platform; beside it the one that a
half of the hotline's messages gives, judged on the other half.
"""

import gzip
import json
import os
import random
import shutil
import tempfile
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import psutil

from benchmarks.common import PACK, percentiles
from jieying.citypack.model import CityPack
from jieying.citypack.read import read_pack
from jieying.kit.normal import WordFinder, normalise, plain
from jieying.triage.evaluate import compare, is_raised
from jieying.triage.models import FILE, Model
from jieying.triage.rules import SURE_OF_FRAUD, Understanding
from jieying.triage.train import FOLDER, FRAUD, fit, read_calls, read_training, train

CORPUS = Path("packs/yunzhou/corpus")
TEXTS = Path(os.environ.get("JIEYING_SHARED_DATA", "../shared/data")) / "text"
DIALOGUES = 500  # of each side, chosen by dice
LONG = "没有着火，" * 20_000


def run() -> dict[str, Any]:
    """On a model that is trained here, so that it is the one of this code and these texts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(CORPUS, folder / FOLDER)
        city = replace(read_pack(PACK), folder=folder)
        began, used = time.perf_counter(), time.process_time()
        train(city)
        training = {
            "training_s": round(time.perf_counter() - began, 1),
            "training_processor_s": round(time.process_time() - used, 1),
        }
        compared = compare(city, None)
        for figures in compared.values():
            for who in figures.values():
                for task in ("category", "level", "ours"):
                    for heavy in ("classes", "confusion", "worst"):
                        who.get(task, {}).pop(heavy, None)
        return {"peers": compared, "fraud": _fraud(city), "cost": _cost(city) | training}


def _fraud(city: CityPack) -> dict[str, Any]:
    if not TEXTS.is_dir():
        return {"left_out": f"{TEXTS} is not there"}
    dice = random.Random(4)
    fraud, normal = (dice.sample(dialogues(kind), DIALOGUES) for kind in ("fraud", "normal"))
    messages = petitions()
    chosen, judged = messages[::2], messages[1::2]
    words = WordFinder(city.categories[FRAUD].words)
    with_model = Model.load(city.folder / FILE)
    folder = city.folder / FOLDER
    svc = fit(read_training(folder, city.categories), read_calls(folder, city.categories), (), None)
    result: dict[str, Any] = {"dialogues": 2 * DIALOGUES, "petitions_judged": len(judged)}
    for name, model in (("platform", with_model), ("tfidf_svc", svc)):
        scores = {k: np.array([model.propose(normalise(t)).fraud for t in texts]) for k, texts in
                  (("fraud", fraud), ("normal", normal), ("chosen", chosen), ("judged", judged))}  # fmt: skip
        limits = {"at_our_threshold": SURE_OF_FRAUD, "at_that_of_half": float(np.quantile(scores["chosen"], 0.992))}
        result[name] = {
            key: {
                "threshold": round(limit, 3),
                "recall": round(float((scores["fraud"] >= limit).mean()), 4),
                "petitions_flagged": round(float((scores["judged"] >= limit).mean()), 4),
                "normal_flagged": round(float((scores["normal"] >= limit).mean()), 4),
            }
            for key, limit in limits.items()
        }
    flagged = {k: np.mean([any(words.find(plain(t))) for t in texts]) for k, texts in
               (("recall", fraud), ("petitions_flagged", judged), ("normal_flagged", normal))}  # fmt: skip
    result["words_only"] = {key: round(float(share), 4) for key, share in flagged.items()}
    understanding = Understanding(city, with_model=False)
    result["petitions_with_alarm"] = round(float(np.mean([is_raised(understanding.understand(t)) for t in judged])), 4)
    return result


def _cost(city: CityPack) -> dict[str, Any]:
    understanding = Understanding(city)
    understanding.prepare()
    texts = [one["text"] for one in map(json.loads, (city.folder / FOLDER / "held_back.jsonl").open(encoding="utf-8"))]
    wall, processor = [], []
    for text in texts:
        began, used = time.perf_counter(), time.process_time()
        understanding.understand(text)
        wall.append(time.perf_counter() - began)
        processor.append(time.process_time() - used)
    began = time.perf_counter()
    understanding.understand(LONG)
    long = time.perf_counter() - began
    return {
        **percentiles(wall, "sentence_"),
        **percentiles(processor, "sentence_processor_"),
        "hundred_kilobytes_ms": round(long * 1000, 1),
        "memory_of_all_this_mb": round(psutil.Process().memory_info().rss / 1e6),
        "model_file_mb": round((city.folder / FILE).stat().st_size / 1e6, 2),
    }


def dialogues(kind: str) -> list[str]:
    """Both sides of each dialogue, turn by turn, as one text."""
    found = []
    for file in sorted((TEXTS / "teleantifraud").glob(f"{kind}_*.jsonl.gz")):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                turns = zip(row["left"], row["right"], strict=False)
                found.append("".join(said for turn in turns for said in turn))
    return found


def petitions() -> list[str]:
    """Subject and text of each message."""
    (file,) = (TEXTS / "petitions").glob("*.xlsx")
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(file) as book:
        shared = ElementTree.fromstring(book.read("xl/sharedStrings.xml"))  # noqa: S314 -- our own data folder
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314
    strings = ["".join(part.text or "" for part in one.iter(f"{space}t")) for one in shared]
    rows = []
    for row in sheet.iter(f"{space}row"):
        cells = [(cell.get("t"), cell.findtext(f"{space}v") or "") for cell in row]
        rows.append([strings[int(value)] if kind == "s" and value else value for kind, value in cells])
    return [f"{row[2]} {row[4]}".strip() for row in rows[1:] if len(row) > 4]
