"""Checkpoints are read as data: nothing in them runs, a hostile one costs little, a huge one is hardly touched."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from scanner import assembly
from scanner.formats._base import Document
from scanner.formats._checkpoint_parts import optimizer_of, shared_place, stated_by
from scanner.formats._hdf5 import Hdf5
from scanner.formats._pickle_objects import Persistent, Record, Symbol
from scanner.formats._pickle_symbols import load
from scanner.formats._stored import StoredBytes
from scanner.formats._torch_file import leaves, plain
from scanner.formats.keras_weights import Leaves, _optimizer, as_single
from scanner.intake.crawl import Candidate, crawl
from scanner.intake.read_file import read_file
from scanner.pipeline import read_tree
from scanner.records import Findings, Skip
from scanner.settings import Settings

FIXTURES = Path(__file__).parent / "fixtures" / "formats"


class _Touches:
    """Unpickled in earnest, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.path}",)


def _findings(root: Path) -> dict[str, Findings]:
    return {c.path: read_file(c) for c in crawl((root,)) if isinstance(c, Candidate)}


def _archive(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", data)


def _adam(rate: float, **more: Any) -> dict[str, Any]:
    return {
        "state": {0: {"step": 3}},
        "param_groups": [{"lr": rate, "betas": (0.9, 0.999), "weight_decay": 0.0, **more}],
    }


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_that_would_run_code_runs_none(tmp_path: Path, protocol: int) -> None:
    """What it would call becomes a record of the call, and the settings beside it are still read."""
    canary = tmp_path / "canary"
    saved = {"x": _Touches(canary), "optimizer": _adam(0.01), "global_step": 7}
    _archive(tmp_path / "a" / "model.pt", pickle.dumps(saved, protocol))
    root = load(io.BytesIO(pickle.dumps(saved, protocol)))
    found = _findings(tmp_path / "a")["model.pt"]
    assert isinstance(root["x"], Record) and root["x"].short == "system"
    assert {o.id: o.value for o in found.observations}["learning_rate"] == 0.01
    assert not canary.exists()


@pytest.mark.parametrize("protocol", range(6))
def test_plain_data_is_read_as_it_is(protocol: int) -> None:
    """Numbers, texts, containers and bags of settings, whatever the protocol."""
    value = {"a": [1, -2.5, True, None, "ğ", 2**70], "b": {"c": (1, 2, 3, 4)}, "d": set(), 3: b"x" if protocol else "x"}
    assert load(io.BytesIO(pickle.dumps({**value, "d": []}, protocol))) == {**value, "d": []}
    args = load(io.BytesIO(pickle.dumps(SimpleNamespace(lr=0.1, inner={"seed": 3}, path=Path("a/b")), protocol)))
    assert dict(leaves(args)) == {("lr",): 0.1, ("inner", "seed"): 3, ("path",): "a/b"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\x02",
        b"\x80\x02.",
        b"\x80\x02}q\x00",
        b"\x80\x02h\x05.",
        b"\x80\x02u.",
        b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f.",
        b"\x80\x02X\xff\xff\xff\x7fabc.",
        b"(lp0\n",
        b"\x80\x02\x8b\xff\xff\xff\x7f.",
        b"I12x\n.",
        b"\x80\x02]q\x00(h\x00",
    ],
)
def test_broken_pickles_are_refused(data: bytes) -> None:
    """By ValueError alone, which is a recorded skip."""
    with pytest.raises(ValueError):
        load(io.BytesIO(data))


def test_nested_and_shared_structures_cost_little() -> None:
    """Doubling a list a hundred times over, or a dictionary that holds itself, ends at once."""
    data = b"\x80\x02]" + b"".join(
        b"q" + bytes([n]) + b"](h" + bytes([n]) + b"h" + bytes([n]) + b"e" for n in range(100)
    )
    itself: dict[str, Any] = {"lr": 1.0}
    itself["self"] = itself
    start = time.process_time()
    load(io.BytesIO(data + b"."))
    found = list(leaves(load(io.BytesIO(pickle.dumps(itself)))))
    assert (("lr",), 1.0) in found
    assert time.process_time() - start < 5


def test_calls_that_copy_again_and_again_are_refused() -> None:
    """A text pushed once and handed to a hundred thousand calls, or bags that branch without an end."""
    text = b"\x80\x02c_codecs\nencode\nq\x00X" + struct.pack("<I", 100_000) + b"x" * 100_000 + b"\x85q\x01"
    with pytest.raises(ValueError, match="copies"):
        load(io.BytesIO(text + b"h\x00h\x01R" * 100_000 + b"."))
    bag: dict[str, Any] = {}
    for _ in range(5):
        bag = {str(n): bag for n in range(1000)}
    assert list(leaves(bag)) == []


def test_symbols_and_storages_are_inert() -> None:
    """A class, an enumeration's member, a device and a tensor's storage."""
    assert plain(Symbol("torch.float16")) == "float16"
    assert plain(Record("transformers.trainer_utils.SchedulerType", ("linear",))) == "linear"
    assert plain(Record("torch.device", ("cuda", 0))) == "cuda:0"
    assert plain(Persistent(("storage",))) is None


def test_a_huge_checkpoint_is_hardly_read(tmp_path: Path) -> None:
    """Five gigabytes of which only the metadata is touched (a sparse file), in every kind of file."""
    size = 5 * 1024**3
    data = pickle.dumps({"optimizer": _adam(0.01), "global_step": 7}, 2)
    old = b"".join(pickle.dumps(part, 2) for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})) + data
    header = json.dumps({"__metadata__": {"ss_learning_rate": "0.1", "ss_steps": "9"}}).encode()
    (tmp_path / "old.pt").write_bytes(old)
    (tmp_path / "net.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
    (tmp_path / "net.h5").write_bytes((FIXTURES / "keras_weights/fitted/models/tiny.h5").read_bytes())
    (tmp_path / "ggml.bin").write_bytes(b"lmgg")
    for path in tmp_path.iterdir():
        os.truncate(path, size)
    start = time.process_time()
    found = _findings(tmp_path)
    assert time.process_time() - start < 10
    rates = {path: [o.value for o in f.observations if o.id == "learning_rate"] for path, f in found.items()}
    assert rates == {"old.pt": [0.01], "net.safetensors": [0.1], "net.h5": [0.0003], "ggml.bin": []}
    assert found["ggml.bin"] == Findings(None, skips=(Skip("ggml.bin", "read", "weights", "", 1),))


def test_a_file_is_read_within_a_budget(tmp_path: Path) -> None:
    """Past it, whatever asks for more is refused."""
    path = tmp_path / "x.bin"
    path.touch()
    os.truncate(path, 1 << 40)
    stored = StoredBytes(str(path), 1 << 40)
    assert stored.at(1 << 39, 4) == b"\0\0\0\0"
    with pytest.raises(ValueError):
        stored.read()


def test_damaged_files_are_skips(tmp_path: Path) -> None:
    """Every fixture cut short or with a byte changed is read or skipped, never an error, never slow."""
    files = [
        p for p in FIXTURES.glob("*/*/**/*") if p.suffix in (".pt", ".ckpt", ".h5", ".keras", ".safetensors", ".bin")
    ]
    assert len(files) > 15
    start = time.process_time()
    for n, file in enumerate(files):
        data = file.read_bytes()
        for k in range(12):
            cut = len(data) * (k + 1) // 13
            changed = data[:cut] if k % 2 else data[:cut] + bytes([data[cut] ^ 0xFF]) + data[cut + 1 :]
            path = tmp_path / f"{n}-{k}" / file.name
            path.parent.mkdir()
            path.write_bytes(changed)
    for found in _findings(tmp_path).values():
        assert (found.file is None) == (not found.observations and not found.series)
        assert len(found.skips) <= 3
    assert time.process_time() - start < 60


def test_published_weights_are_not_ours(tmp_path: Path) -> None:
    """A file that bears the name of a published checkpoint tells of its makers' training and is not opened."""
    names = ["yolov8n.pt", "yolo11s-seg.pt", "resnet50-0676ba61.pth", "pytorch_model.bin", "sam_vit_h_4b8939.pth"]
    for name in names:
        _archive(tmp_path / name, pickle.dumps({"optimizer": _adam(0.01), "global_step": 7}))
    met = {m.path: m for m in crawl((tmp_path,))}
    assert met == {name: Skip(name, "crawl", "weights", "published", 1) for name in names}


@pytest.mark.parametrize(
    ("names", "n_keys"),
    [
        (
            ["best.pt", "last.pt", "model_12.pth", "model_best.pth.tar", "checkpoint.pth.tar", "epoch=3-step=400.ckpt"],
            1,
        ),
        (["weights.05-0.53.hdf5", "weights.06-0.51.hdf5"], 1),
        (["unet_epoch10_loss0.123.pth", "unet_epoch_12.pth", "unet_best.pth"], 1),
        (["CNN1.h5", "CNN2.h5", "LeNet.h5"], 3),
        (["best_netG.pth", "best_netD.pth"], 2),
    ],
)
def test_checkpoints_of_one_training_have_a_name_in_common(names: list[str], n_keys: int) -> None:
    """Counters, scores and words such as "best" tell no training from another in one folder."""
    keys = {s.value for name in names for s in shared_place(Document(f"a/{name}", "weights")) if s.key == "run_key"}
    assert len(keys) == n_keys


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ([{"lr": 0.001}], 0.001),
        (
            [{"lr": 2.9887369267900244e-05, "initial_lr": 5e-05}, {"lr": 2.9887369267900244e-05, "initial_lr": 5e-05}],
            5e-05,
        ),
        ([{"lr": 2.9887369267900244e-05}], None),
        ([{"lr": 0.001}, {"lr": 0.01}], None),
        ([{"lr": 0.0}], None),
    ],
)
def test_the_rate_of_an_optimizer(groups: list[dict[str, Any]], expected: float | None) -> None:
    """The initial one where it is kept; none that a schedule has made, and none of several."""
    optimizer = optimizer_of({"state": {0: {}}, "param_groups": groups})
    assert optimizer is not None
    found = [s.value for s in stated_by([optimizer], "o") if s.key in ("lr", "initial_lr")]
    assert found == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (0.0010000000474974513, 0.001),
        (0.001, 0.001),
        (0.8999999761581421, 0.9),
        (0.0003000000142492354, 0.0003),
        (1e300, 1e300),
    ],
)
def test_single_precision_is_undone(written: float, expected: float) -> None:
    """The shortest decimal that is the same number in single precision."""
    assert as_single(written) == expected


def test_a_loss_scaling_wrapper_is_looked_through() -> None:
    """Of Keras's mixed precision the optimizer inside is the one; a rate that a callback computed is none."""
    inner: Leaves = {
        ("config", "inner_optimizer", "class_name"): "Adam",
        ("config", "inner_optimizer", "config", "lr"): 0.5,
    }
    assert [(s.key, s.value) for s in _optimizer({("class_name",): "LossScaleOptimizer", **inner}, "o")] == [
        ("optimizer", "Adam"),
        ("lr", 0.5),
    ]
    decayed: Leaves = {("class_name",): "Adam", ("config", "learning_rate"): 0.0009048373904079199}
    assert [s.key for s in _optimizer(decayed, "o")] == ["optimizer"]


def test_hdf5_refuses_what_is_none(tmp_path: Path) -> None:
    """A file with the signature and nothing behind it."""
    path = tmp_path / "x.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(ValueError):
        Hdf5(StoredBytes(str(path), 108))


def _runs(root: Path) -> list[tuple[str, list[str]]]:
    settings = Settings((root,), root / "out", 1)
    files, skips, observations, series = read_tree(settings, lambda progress: None)
    found = assembly.assemble(files, observations, series, [*(f.path for f in files), *(s.path for s in skips)])
    return [(run.kind, sorted(evidence.path for evidence in run.evidence)) for run in found]


def test_weights_with_an_optimizer_that_stepped_are_a_run(tmp_path: Path) -> None:
    """One training whatever the number of its checkpoints; weights without are none."""
    for name in ("model_epoch_1.pt", "model_epoch_2.pt", "best.pt"):
        _archive(tmp_path / "work" / "checkpoints" / name, pickle.dumps({"optimizer": _adam(0.01), "epoch": 1}))
    _archive(tmp_path / "work" / "plain.pt", pickle.dumps({"epoch": 1, "model": {}}))
    names = ["best.pt", "model_epoch_1.pt", "model_epoch_2.pt"]
    assert _runs(tmp_path) == [("executed", [f"work/checkpoints/{name}" for name in names])]


@pytest.mark.parametrize("log", ["work/train.log", "work/logs/train.log", "train.log"])
def test_weights_beside_a_log_are_no_second_run(tmp_path: Path, log: str) -> None:
    """The log tells of the training that saved them."""
    _archive(tmp_path / "work" / "checkpoints" / "best.pt", pickle.dumps({"optimizer": _adam(0.01), "epoch": 1}))
    (tmp_path / log).parent.mkdir(exist_ok=True)
    lines = [f"Epoch {n}/3 train_loss: {1 / n:.3f} val_loss: {1.1 / n:.3f}" for n in (1, 2, 3)]
    (tmp_path / log).write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert _runs(tmp_path) == [("executed", [log])]


def test_weights_of_another_project_stand_alone(tmp_path: Path) -> None:
    """A log elsewhere in the tree tells nothing of them."""
    _archive(tmp_path / "a" / "checkpoints" / "best.pt", pickle.dumps({"optimizer": _adam(0.01), "epoch": 1}))
    (tmp_path / "b").mkdir()
    lines = [f"Epoch {n}/3 train_loss: {1 / n:.3f} val_loss: {1.1 / n:.3f}" for n in (1, 2, 3)]
    (tmp_path / "b" / "train.log").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert _runs(tmp_path) == [("executed", ["a/checkpoints/best.pt"]), ("executed", ["b/train.log"])]
